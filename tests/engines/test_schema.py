"""A reply that is held to a JSON schema: by the grammar of llama.cpp, with a model that knows nothing at all."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from sage_edge.engines import Deadline, Draw, Message, Sampling, Settings
from sage_edge.engines.errors import EngineError
from sage_edge.engines.llamacpp import LlamaCpp
from sage_edge.models.resolve import resolve
from sage_edge.names import ModelRef

pytest.importorskip("llama_cpp")
random_gguf = pytest.importorskip("tests.benchmarks.random_gguf")

TINY = random_gguf.Shape(64, 128, 2, 4, 2, 2000, 2048)
SETTINGS = Settings(context_tokens=1024, batch_tokens=64, threads=1, gpu_layers=0)
SCHEMA = json.dumps(
    {
        "type": "object",
        "properties": {"cites": {"enum": ["this", "that"]}, "text": {"type": "string", "maxLength": 12}},
        "required": ["cites", "text"],
        "additionalProperties": False,
    }
)
SAMPLING = Sampling(temperature=0.9, top_p=0.95, top_k=40, min_p=0.0, repeat_penalty=1.0, max_tokens=200)
WARM = Draw(SAMPLING, 1, SCHEMA)
TALK = (Message("system", "you are a young mind"), Message("user", "hello who is speaking with me today"))


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LlamaCpp]:
    shelf = Path(random_gguf.shelf(tmp_path_factory.mktemp("shelf"), TINY))
    opened = LlamaCpp(SETTINGS)
    opened.load(resolve(ModelRef("bench/random:q8_0"), (shelf,)))
    yield opened
    opened.close()


@pytest.mark.parametrize("seed", range(5))
def test_whatever_it_says_has_the_shape(engine: LlamaCpp, seed: int) -> None:
    reply = engine.reply(TALK, replace(WARM, seed=seed), Deadline(60))
    assert reply.finish_reason == "stop"
    told = json.loads(reply.text, strict=False)  # the grammar lets raw control characters into a string
    assert set(told) == {"cites", "text"}
    assert told["cites"] in ("this", "that")


def test_a_reply_that_was_cut_off_is_told_by_its_finish_reason(engine: LlamaCpp) -> None:
    reply = engine.reply(TALK, replace(WARM, sampling=SAMPLING.model_copy(update={"max_tokens": 2})), Deadline(60))
    assert (reply.finish_reason, reply.completion_tokens) == ("length", 2)


def test_a_free_reply_before_and_after_is_the_same(engine: LlamaCpp) -> None:
    free = Draw(SAMPLING.model_copy(update={"max_tokens": 20}), 1)
    before = engine.reply(TALK, free, Deadline(60)).text
    engine.reply(TALK, WARM, Deadline(60))
    assert engine.reply(TALK, free, Deadline(60)).text == before


def test_a_schema_that_is_none_is_an_error_of_the_engine(engine: LlamaCpp) -> None:
    with pytest.raises(EngineError):
        engine.reply(TALK, replace(WARM, schema="{"), Deadline(60))
