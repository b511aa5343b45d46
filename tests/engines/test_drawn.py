"""Whole characters of tokens that may be cut anywhere."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sage_edge.engines.drawn import whole_text

EXAMPLES = pytest.mark.parametrize(
    "examples", [100, pytest.param(1_000, marks=pytest.mark.slow), pytest.param(10_000, marks=pytest.mark.full)]
)
TEXTS = st.text(st.sampled_from("a é€\U0001f642\U0001f469\u200d\ufffd\n"), max_size=12)
CUTS = st.lists(st.integers(1, 5), min_size=60, max_size=60)


def cut(data: bytes, sizes: Sequence[int]) -> list[bytes]:
    """Bytes as tokens of these sizes."""
    pieces, at = [], 0
    for size in sizes:
        pieces.append(data[at : at + size])
        at += size
    return pieces


@EXAMPLES
def test_a_text_cut_anywhere_keeps_its_whole_characters(examples: int) -> None:
    @settings(max_examples=examples)
    @given(TEXTS, CUTS, st.integers(0, 60))
    def holds(text: str, sizes: list[int], limit: int) -> None:
        pieces = cut(text.encode(), sizes)[:limit]
        kept, dropped = whole_text(pieces)
        data = b"".join(pieces)
        assert text.startswith(kept)
        assert len(kept.encode()) <= len(data) < len(kept.encode()) + 4
        assert ("\ufffd" in kept) <= ("\ufffd" in text)
        assert (dropped == 0) == (kept.encode() == data)
        ends = itertools.accumulate(map(len, pieces))
        whole = len(kept.encode())
        assert dropped == sum(end > whole for end, piece in zip(ends, pieces, strict=True) if piece)

    holds()


@EXAMPLES
def test_any_bytes_make_text_of_some_of_them(examples: int) -> None:
    @settings(max_examples=examples)
    @given(st.lists(st.binary(max_size=5), max_size=12))
    def holds(pieces: list[bytes]) -> None:
        kept, dropped = whole_text(pieces)
        data = b"".join(pieces)
        assert kept == data.decode("utf-8", "ignore")
        lone = [piece.decode("utf-8", "ignore").encode() != piece for piece in pieces]
        assert dropped <= sum(lone), "a token of whole characters drops nothing"
        assert (dropped == 0) == (kept.encode() == data)

    holds()


def test_each_token_is_counted_once() -> None:
    assert whole_text([b"a\xf0", b"\x9f", b"\x99"]) == ("a", 3)
    assert whole_text([b"a\xf0", b"\x9f", b"\x99", b"\x82"]) == ("a\U0001f642", 0)
    assert whole_text([b"\xed\xa0\x80", b"b"]) == ("b", 1)
    assert whole_text([]) == ("", 0)
