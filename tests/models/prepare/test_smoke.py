"""The last question: real llama.cpp in a child process, over files that answer, that cannot, and that lie."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest

from sage_edge import files, hints
from sage_edge.models.errors import SmokeFailed, TemplateUnfaithful
from sage_edge.models.inspect import blank_weights, read_gguf
from sage_edge.models.prepare import smoke
from sage_edge.models.prepare.smoke import SmokeResult
from sage_edge.names import Digest, ModelRef
from tests.benchmarks import random_gguf

REF = ModelRef("a/b:q8_0")
SHAPE = random_gguf.Shape(hidden=32, intermediate=64, layers=1, heads=2, kv_heads=1, vocabulary=600, context=512)
TEMPLATE = files.digest(random_gguf.TEMPLATE.encode())
GOOD = SmokeResult(name=REF, ref=REF, template=TEMPLATE, prompt_tokens=30, answer_tokens=6, finite=True, text="hm")


def test_a_whole_file_answers_through_its_own_template(tmp_path: Path) -> None:
    random_gguf.write(tmp_path / "m.gguf", SHAPE)
    found = smoke.ask(tmp_path / "m.gguf", REF)
    assert (found.name, found.ref, found.template) == ("random weights", None, TEMPLATE)
    assert found.finite
    assert 1 <= found.answer_tokens <= 6
    assert found.prompt_tokens > 10
    smoke.judge(found, REF, TEMPLATE, own=False)


@pytest.mark.parametrize("lost", ["m.content | upper", "m.content[:300]", "m.content if loop.index < 20"])
def test_a_template_that_loses_words_is_refused(tmp_path: Path, lost: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(random_gguf, "TEMPLATE", random_gguf.TEMPLATE.replace("m.content", lost))
    random_gguf.write(tmp_path / "m.gguf", SHAPE)
    with pytest.raises(TemplateUnfaithful, match=f"the chat template of {REF} does not hold what is said: "):
        smoke.judge(smoke.ask(tmp_path / "m.gguf", REF), REF, None, own=False)


@pytest.mark.parametrize("cut", [100, 5_000])
def test_a_cut_file_is_a_verdict_and_not_our_end(tmp_path: Path, cut: int) -> None:
    random_gguf.write(tmp_path / "m.gguf", SHAPE)
    whole = (tmp_path / "m.gguf").read_bytes()
    (tmp_path / "m.gguf").write_bytes(whole[:-cut])
    with pytest.raises(
        SmokeFailed, match=rf"{REF} does not run: .*llama\.cpp says: tensor '.*' data is not"
    ) as refused:
        smoke.ask(tmp_path / "m.gguf", REF)
    assert hints.text(refused.value.hint).startswith("take another file of it, or convert it again")
    assert refused.value.code == 8


@pytest.mark.parametrize("name", ["blk.0.ffn_up.weight", "token_embd.weight"])
def test_a_matrix_of_zeros_is_refused_by_its_name(tmp_path: Path, name: str) -> None:
    path = tmp_path / "m.gguf"
    random_gguf.write(path, SHAPE)
    header = read_gguf(path)
    begin, end = (header.data_at + at for at in (header.tensors[name].begin, header.tensors[name].end))
    data = path.read_bytes()
    path.write_bytes(data[: end - 1] + b"\0" + data[end:])
    assert list(blank_weights.names(path, header)) == []
    path.write_bytes(data[:begin] + bytes(end - begin) + data[end:])
    with pytest.raises(SmokeFailed, match=f"{REF} is no model to speak with: holds nothing but zeros in {name}"):
        smoke.judge(smoke.ask(path, REF), REF, TEMPLATE, own=False)


@pytest.mark.parametrize(("shape", "holds"), [((8,), False), ((8, 1), False), ((2, 2), True), ((1, 2, 2), True)])
def test_only_a_matrix_may_not_be_zero(shape: tuple[int, ...], holds: bool) -> None:
    assert blank_weights.is_matrix(shape) is holds


def test_what_is_as_meant_passes() -> None:
    smoke.judge(GOOD, REF, TEMPLATE, own=True)
    smoke.judge(replace(GOOD, name="Qwen2.5", ref=None), REF, None, own=False)


@pytest.mark.parametrize(
    ("found", "template", "says"),
    [
        (replace(GOOD, template=None), None, "a/b:q8_0 carries no chat template (tokenizer.chat_template)"),
        (
            GOOD,
            Digest("sha256:" + "0" * 64),
            f"the chat template of a/b:q8_0 has digest {TEMPLATE}, its card says sha256:{'0' * 64}",
        ),
        (
            replace(GOOD, unfaithful="it shouts"),
            TEMPLATE,
            "the chat template of a/b:q8_0 does not hold what is said: it shouts",
        ),
        (
            replace(GOOD, faults=("lacks the key tokenizer.ggml.pre", "x is 1 in a, 2 in b")),
            None,
            "a/b:q8_0 is no model to speak with: lacks the key tokenizer.ggml.pre; x is 1 in a, 2 in b",
        ),
        (replace(GOOD, name="merged"), None, "a/b:q8_0 calls itself 'merged'"),
        (replace(GOOD, finite=False), None, "a/b:q8_0 answers with logits that are no numbers"),
        (replace(GOOD, answer_tokens=0), None, "a/b:q8_0 answers with no token"),
    ],
)
def test_another_file_is_refused_with_the_reason(found: SmokeResult, template: Digest | None, says: str) -> None:
    with pytest.raises(SmokeFailed) as refused:
        smoke.judge(found, REF, template, own=True)
    assert refused.value.message == says
    assert refused.value.hint


def test_a_file_without_an_end_opens_and_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """llama.cpp takes 11 for the end then, and warns into a log that nobody reads."""
    monkeypatch.setattr("gguf.GGUFWriter.add_eos_token_id", lambda *_: None)
    random_gguf.write(tmp_path / "m.gguf", SHAPE)
    answer = smoke.ask(tmp_path / "m.gguf", REF)
    assert answer.faults == ("lacks the key tokenizer.ggml.eos_token_id",)
    with pytest.raises(SmokeFailed, match=r"lacks the key tokenizer\.ggml\.eos_token_id"):
        smoke.judge(answer, REF, TEMPLATE, own=False)


@pytest.mark.slow
def test_a_template_without_an_end_is_named_as_the_cause(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loops = "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}"
    monkeypatch.setattr(random_gguf, "TEMPLATE", loops + random_gguf.TEMPLATE)
    random_gguf.write(tmp_path / "m.gguf", SHAPE)
    began = time.monotonic()
    with pytest.raises(
        TemplateUnfaithful, match=f"the chat template of {REF} .*: it computes for longer than 5 s"
    ) as no:
        smoke.judge(smoke.ask(tmp_path / "m.gguf", REF), REF, None, own=False)
    assert time.monotonic() - began < 60
    assert "a template is part of its model" in hints.text(no.value.hint)
