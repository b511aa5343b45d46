"""An adapter's own tokenizer: its base's words at its base's numbers go on to the merge, all others are refused."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from sage_edge import hints
from sage_edge.models.errors import CannotMerge
from sage_edge.models.lock import read_lock
from sage_edge.models.prepare import adapter_words, merge, run
from sage_edge.models.prepare.prepare_context import PrepareContext
from tests.models import building, quick, tiny


@pytest.fixture
def context(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PrepareContext:
    """A place to prepare in, with doubles at its doors."""
    quick.doubles(monkeypatch)
    quick.fleet(tmp_path)
    return quick.context(tmp_path)


def bring(folder: Path, words: dict[str, Any], settings: dict[str, Any] | None = None) -> Path:
    """Put a tokenizer into a folder."""
    tree = {"tokenizer.json": {"text": json.dumps(words)}, "tokenizer_config.json": {"json": settings or {}}}
    return building.plant(folder, tree)


def rearranged(**changed: int) -> dict[str, Any]:
    """The 40 words of the base, some of them at other numbers."""
    words = building.tokenizer()
    words["model"]["vocab"] |= changed
    return words


def without(*words: str) -> dict[str, Any]:
    """The 40 words of the base, less some."""
    tokenizer = building.tokenizer()
    for word in words:
        del tokenizer["model"]["vocab"][word]
    return tokenizer


MARKUP = building.tokenizer()["added_tokens"]
REFUSED = {
    "beyond the rows": (
        building.tokenizer({"words": {"more": 40, "much": 41}}),
        "the adapter's tokenizer gives the word 'more' the number 40, and 1 more beyond, but its vocabulary is 0 to 39",
    ),
    "two changed places": (
        rearranged(t30=31, t31=30),
        "tokenizer.ggml.tokens is 't30' at 30 in the base, 't31' at 30 in its adapter",
    ),
    "another word": (
        {**without("t39"), "added_tokens": [*MARKUP, {"id": 39, "content": "new", "special": True}]},
        "tokenizer.ggml.tokens is 't39' at 39 in the base, 'new' at 39 in its adapter",
    ),
    "fewer words": (without("t38", "t39"), "the adapter's tokenizer lacks the base's word 38, 't38'"),
    "other pairs": (
        building.tokenizer({"merges": ["b a"]}),
        "tokenizer.ggml.merges is (b'a b',) in the base, (b'b a',) in its adapter",
    ),
    "pieces": (
        {**building.tokenizer(), "model": {**building.tokenizer()["model"], "byte_fallback": True}},
        "tokenizer.ggml.model is gpt2 in the base, llama in its adapter",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_other_words_than_the_bases_are_refused_before_the_merge(
    context: PrepareContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    """The converter comes after the merge: it would end with a traceback, or take them."""
    monkeypatch.setattr(merge, "merge", None)
    words, says = REFUSED[case]
    bring(tmp_path / "adapter", words)
    with pytest.raises(CannotMerge) as caught:
        run.prepare(tiny.REF, context)
    assert caught.value.message == says
    assert "take tokenizer.json and tokenizer_config.json out of the adapter's folder" in hints.text(caught.value.hint)
    assert context.store.manifest(tiny.REF) is None
    assert tiny.REF not in read_lock(context.fleet)


@pytest.mark.parametrize(
    ("words", "settings"),
    [
        (building.tokenizer(), {}),
        (building.tokenizer(), {"eos_token": "t1", "pad_token": "t2", "chat_template": "{{ messages }}"}),
        (building.tokenizer({"added": [{"id": 5, "content": "t5", "special": True}]}), {}),
    ],
)
def test_the_bases_words_go_on_to_the_merge(
    context: PrepareContext, tmp_path: Path, words: dict[str, Any], settings: dict[str, Any]
) -> None:
    bring(tmp_path / "adapter", words, settings)
    assert run.prepare(tiny.REF, context)


def test_words_may_be_added_where_the_base_has_rows_and_no_word(tmp_path: Path) -> None:
    base = bring(building.plant(tmp_path / "base", quick.BASE), without("t39"))
    adapter = bring(tmp_path / "adapter", {**without("t39"), "added_tokens": [*MARKUP, {"id": 39, "content": "new"}]})
    adapter_words.require_fit(base, adapter)


@pytest.mark.parametrize("pieces", ["mine", "yours"])
def test_pieces_are_compared_byte_by_byte(tmp_path: Path, pieces: str) -> None:
    base = bring(building.plant(tmp_path / "base", quick.BASE), building.tokenizer())
    adapter = bring(tmp_path / "adapter", building.tokenizer())
    (base / "tokenizer.model").write_text("mine")
    (adapter / "tokenizer.model").write_text(pieces)
    if pieces == "mine":
        adapter_words.require_fit(base, adapter)
        return
    with pytest.raises(CannotMerge, match=r"is another one than its base's: tokenizer\.model differs"):
        adapter_words.require_fit(base, adapter)


PARTS = ("chat_template.jinja", "tokenizer_config.json", "special_tokens_map.json", "merges.txt", "tokenizer.model")


@pytest.mark.parametrize("name", PARTS)
@pytest.mark.parametrize("in_base", [None, "another", "the same"])
def test_a_part_of_a_tokenizer_is_never_left_out_in_silence(tmp_path: Path, name: str, in_base: str | None) -> None:
    base, adapter = building.plant(tmp_path / "base", quick.BASE), tmp_path / "adapter"
    adapter.mkdir()
    (adapter / name).write_text("the same")
    (base / name).unlink(missing_ok=True)
    if in_base is not None:
        (base / name).write_text(in_base)
    if in_base == "the same":
        adapter_words.require_fit(base, adapter)
        return
    with pytest.raises(CannotMerge, match=rf"the adapter brings {re.escape(name)}, which is not its base's, and no "):
        adapter_words.require_fit(base, adapter)
