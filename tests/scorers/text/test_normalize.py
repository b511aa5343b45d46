from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sage_edge.scorers.text.normalize import phrase, plain

LETTERS = st.text(alphabet="abcdefghijklmnopqrstuvwxyzäéß0123456789", min_size=1, max_size=8)


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("I’m *Sage*", "i'm sage"),
        ("Iʼm  Sage", "i'm sage"),
        ("Sa\u200bge", "sage"),
        ("Ｓａｇｅ", "sage"),
        ("a \t b\r\n\n c", "a b\nc"),
        ("5 − 3", "5 - 3"),
    ],
)
def test_folding(written: str, folded: str) -> None:
    assert plain(written) == folded


@given(st.text(max_size=60))
def test_folding_twice_changes_nothing_more(text: str) -> None:
    assert plain(plain(text)) == plain(text)


@pytest.mark.parametrize("answer", ["knowledge", "enough", "nothing", "piano", "no1", "snow is cold"])
def test_no_never_matches_inside_a_word(answer: str) -> None:
    assert not phrase("no").search(plain(answer))


@given(LETTERS, LETTERS)
def test_a_word_is_not_found_inside_a_longer_one(word: str, more: str) -> None:
    for longer in (word + more, more + word):
        found = phrase(word).search(plain(longer))
        assert found is None or plain(longer) == plain(word)


@given(st.sampled_from([" ", ". ", ", ", "\n", "!", "(", '"', "-", " – "]), LETTERS)
def test_a_word_is_found_between_anything_else(mark: str, word: str) -> None:
    assert phrase(word.upper()).search(plain(f"x{mark}{word}{mark}x"))


def test_alternatives_and_spacing() -> None:
    assert phrase("two | 2").search("it is 2.")
    assert phrase("good   morning").search("good\nmorning to you")
    assert not phrase(" | ").search("anything")
    assert phrase("c++").search(plain("I like C++ a lot"))
