"""An engine is opened by its kind, and a new kind is one module and its line in the registry."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from sage_edge.declared import Declared
from sage_edge.engines import Deadline, Draw, Message, Reply, Sampling, Settings, open_engine, registry
from sage_edge.engines.base import EngineKind
from sage_edge.engines.errors import UnknownEngine
from sage_edge.engines.scripted import Scripted
from sage_edge.errors import ExitCode
from sage_edge.models.resolve import ResolvedModel

SAMPLING = Sampling(temperature=0.0, top_p=1.0, top_k=0, min_p=0.0, repeat_penalty=1.0, max_tokens=12)
TALK = (Message("system", "Be calm."), Message("user", "Who are you?"))


class EchoOptions(Declared):
    """What the engine below wants to know."""

    prefix: str = ""


class Echo:
    """A third kind of engine, as its module would hold it."""

    name, version = "echo", "1"

    def __init__(self, settings: Settings) -> None:
        self._prefix = EchoOptions.model_validate(settings.options).prefix

    def load(self, model: ResolvedModel) -> None:
        model.check()

    def reply(self, messages: Sequence[Message], draw: Draw, deadline: Deadline) -> Reply:
        return Reply(self._prefix + messages[-1].text, deadline.passed() or "stop", 0, 0, draw.seed, None, 0.0, None)

    def close(self) -> None:
        pass


def test_a_new_kind_is_its_module_and_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "KINDS", {**registry.KINDS, "echo": EngineKind("echo", Echo, EchoOptions)})
    engine = open_engine("echo", Settings(512, 64, None, 0, {"prefix": "> "}))
    assert engine.reply(TALK, Draw(SAMPLING, seed=3), Deadline(60)).text == "> Who are you?"


def test_each_kind_is_found_by_the_name_that_a_transcript_records() -> None:
    assert registry.KINDS.keys() >= {"llamacpp", "transformers", "scripted"}
    assert all(name == kind.name for name, kind in registry.KINDS.items())
    assert registry.find("llamacpp").extra == "practitioner"


def test_the_double_is_a_kind_like_any_other() -> None:
    engine = open_engine("scripted", Settings(512, 64, None, 0, {"replies": ["I am Sage."]}))
    assert isinstance(engine, Scripted)
    assert engine.reply(TALK, Draw(SAMPLING, seed=3), Deadline(60)).text == "I am Sage."


def test_an_unknown_kind_is_refused_with_those_there_are() -> None:
    with pytest.raises(UnknownEngine) as refused:
        open_engine("onnx", Settings(512, 64, None, 0))
    assert (refused.value.known, refused.value.code) == (tuple(registry.KINDS), ExitCode.USAGE)


def test_a_transcript_records_options_only_where_there_are_any() -> None:
    plain = {"context_tokens": 512, "batch_tokens": 64, "threads": None, "gpu_layers": 0}
    assert Settings(512, 64, None, 0).as_json() == plain
    assert Settings(512, 64, None, 0, {"a": 1}).as_json() == {**plain, "options": {"a": 1}}
