"""What the engine refuses to speak with: a key of a good tiny file broken, or a card that says otherwise.

Each broken file has a digest of its own on its card, so nothing but its declarations can be the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sage_edge import files, hints
from sage_edge.engines import Deadline, Draw, Message, Sampling, Settings
from sage_edge.engines.errors import ModelUnusable
from sage_edge.engines.llamacpp import LlamaCpp
from sage_edge.models.inspect import voice
from sage_edge.models.inspect.gguf_model import GgufModel
from sage_edge.models.resolve import ResolvedModel
from sage_edge.names import ModelRef

pytest.importorskip("llama_cpp")
gguf = pytest.importorskip("gguf")
random_gguf = pytest.importorskip("tests.benchmarks.random_gguf")

SHAPE = random_gguf.Shape(64, 128, 1, 4, 2, 600, 256)
SETTINGS = Settings(context_tokens=256, batch_tokens=64, threads=1, gpu_layers=0)
GREEDY = Draw(Sampling(temperature=0.0, top_p=1.0, top_k=0, min_p=0.0, repeat_penalty=1.0, max_tokens=4), seed=7)
HELLO = (Message("system", "you are a young mind"), Message("user", "hello"))
NAME = "bench/random:q8_0"
Write = Callable[[Any, Any], None]


def resolved(path: Path, template: str = random_gguf.TEMPLATE) -> ResolvedModel:
    """A model whose card says what lies there."""
    digest, size = files.digest_file(path), path.stat().st_size
    return ResolvedModel(ModelRef("bench/random:q8_0"), path, digest, size, 256, files.digest(template.encode()))


def written(path: Path, patch: pytest.MonkeyPatch, instead: Mapping[str, Write]) -> ResolvedModel:
    """A tiny file, some of whose keys are written otherwise."""
    for name, write in instead.items():
        patch.setattr(gguf.GGUFWriter, name, write)
    random_gguf.write(path, SHAPE)
    return resolved(path)


def nothing(*_: object) -> None:
    """Write no such key."""


def number(key: str, value: int) -> Write:
    """Write another number."""
    return lambda out, _: out.add_uint32(key, value)


BROKEN: dict[str, tuple[dict[str, Write], str]] = {
    "no end": (
        {"add_eos_token_id": nothing},
        "bench/random:q8_0 lacks the key tokenizer.ggml.eos_token_id",
    ),
    "an end out of range": (
        {"add_eos_token_id": number("tokenizer.ggml.eos_token_id", 600)},
        "bench/random:q8_0 says tokenizer.ggml.eos_token_id = 600, but its tokens are 0 to 599",
    ),
    "an end that is text": (
        {"add_eos_token_id": number("tokenizer.ggml.eos_token_id", 11)},
        f"{NAME} ends at the token 11 (tokenizer.ggml.eos_token_id), which {voice.TYPES} calls ordinary text",
    ),
    "no rules for cutting": (
        {"add_tokenizer_pre": nothing},
        "bench/random:q8_0 lacks the key tokenizer.ggml.pre",
    ),
    "unknown rules for cutting": (
        {"add_tokenizer_pre": lambda out, _: out.add_string("tokenizer.ggml.pre", "mine")},
        "bench/random:q8_0 says tokenizer.ggml.pre = 'mine', which llama.cpp has no rules for",
    ),
    "no types": (
        {"add_token_types": nothing},
        "bench/random:q8_0 lacks the key tokenizer.ggml.token_type",
    ),
    "one word twice": (
        {"add_token_list": lambda out, words: out.add_array(voice.TOKENS, [*words[:5], words[4], *words[6:]])},
        "bench/random:q8_0 holds the token '\u0104' twice in tokenizer.ggml.tokens",
    ),
    "no merges": (
        {"add_token_merges": nothing},
        "bench/random:q8_0 lacks the key tokenizer.ggml.merges",
    ),
    "a smaller context than its card says": (
        {"add_context_length": number("qwen2.context_length", 128)},
        "bench/random:q8_0 holds 128 tokens, its card says 256",
    ),
    "no template": (
        {"add_chat_template": nothing},
        "bench/random:q8_0 carries no chat template (tokenizer.chat_template)",
    ),
}


@pytest.mark.parametrize(("instead", "says"), BROKEN.values(), ids=list(BROKEN))
def test_a_file_that_lacks_what_speaking_needs_is_refused_unopened(
    instead: dict[str, Write], says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = written(tmp_path / "m.gguf", monkeypatch, instead)
    engine = LlamaCpp(SETTINGS)
    monkeypatch.setattr(engine._lib, "Llama", type("Never", (), {"__init__": nothing}))  # nothing is opened
    with pytest.raises(ModelUnusable) as refused:
        engine.load(model)
    assert refused.value.message == says
    assert hints.text(refused.value.hint)


def test_what_llama_cpp_hears_otherwise_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As another release would that has other defaults."""
    model = written(tmp_path / "m.gguf", monkeypatch, {})
    engine = LlamaCpp(SETTINGS)
    monkeypatch.setattr(engine._lib, "llama_vocab_eos", lambda words: 11)
    with pytest.raises(ModelUnusable, match=r"eos_token_id is 599 in bench/random:q8_0, 11 in llama\.cpp"):
        engine.load(model)


@pytest.mark.parametrize("size", [1_023, 1_024, 1_025, 4_096, 70_000])
def test_a_template_of_any_length_arrives_whole(size: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The binding reads values into 1,024 bytes and drops the last one; then it compiles what is left, and fails."""
    said = "{# " + "-" * (size - len(random_gguf.TEMPLATE) - 6) + " #}" + random_gguf.TEMPLATE
    monkeypatch.setattr(random_gguf, "TEMPLATE", said)
    random_gguf.write(tmp_path / "m.gguf", SHAPE)
    assert len(said.encode()) == size
    engine = LlamaCpp(SETTINGS)
    engine.load(resolved(tmp_path / "m.gguf", said))
    assert engine.reply(HELLO, GREEDY, Deadline(60)).completion_tokens == 4
    engine.close()
    reading = GgufModel(tmp_path / "m.gguf")
    assert reading.template == said
    reading.close()


def test_splits_are_loaded_from_the_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = tmp_path / "whole.gguf"
    random_gguf.write(whole, SHAPE)
    plain = LlamaCpp(SETTINGS)
    plain.load(resolved(whole))
    splits(monkeypatch, tmp_path / "split")
    parts = sorted(tmp_path.glob("split-*.gguf"))
    assert [path.name for path in parts] == [f"split-0000{number}-of-00003.gguf" for number in (1, 2, 3)]
    split = LlamaCpp(SETTINGS)
    first = resolved(parts[0])
    split.load(replace(first, parts=tuple(part_of(path) for path in parts)))
    assert split.reply(HELLO, GREEDY, Deadline(60)).text == plain.reply(HELLO, GREEDY, Deadline(60)).text
    for engine in (plain, split):
        engine.close()


def part_of(path: Path) -> Any:
    """One file of a model in parts."""
    from sage_edge.models.resolve import Part

    return Part(path.name, path, path.stat().st_size, files.digest_file(path))


def splits(patch: pytest.MonkeyPatch, stem: Path) -> None:
    """Write the tiny file in splits of five tensors, as llama.cpp's own tool does."""
    real = gguf.GGUFWriter.__init__

    def in_parts(self: Any, path: Path, arch: str) -> None:
        real(self, path, arch, split_max_tensors=5)

    patch.setattr(gguf.GGUFWriter, "__init__", in_parts)
    random_gguf.write(stem.with_suffix(".gguf"), SHAPE)
