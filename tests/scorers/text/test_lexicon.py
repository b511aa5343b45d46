from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sage_edge.scorers.legacy.markers import SHARED, WEAK, WEAK_ALONE, PhraseList, clamp, read
from sage_edge.scorers.text import lexicon
from sage_edge.scorers.text.lexicon import Lexicon
from tests.scorers.utterances import PHRASES, texts

LISTED = Lexicon(PHRASES)


def found(one: Lexicon, text: str) -> frozenset[str]:
    return one.found(text, frozenset(text.split()))


@given(text=texts().map(str.lower))
def test_it_finds_what_a_search_for_each_phrase_finds(text: str) -> None:
    assert found(LISTED, text) == {phrase for phrase in PHRASES if phrase in text}


@given(
    phrases=st.lists(st.text("ab ", min_size=1, max_size=5).filter(str.strip), min_size=1, max_size=5),
    text=st.text("ab \n", max_size=12),
)
def test_phrases_with_spaces_at_any_place(phrases: list[str], text: str) -> None:
    assert found(Lexicon(phrases), text) == {phrase for phrase in phrases if phrase in text}


def test_what_is_remembered_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lexicon, "REMEMBERED", 2)
    monkeypatch.setattr(lexicon, "LONGEST", 4)
    one = Lexicon(["our", "as an ai", "seems"])
    for text in ("hour by hour", "it seems so, as an aim", "hour by hour", "as an\nai", "seems our"):
        assert found(one, text) == {phrase for phrase in ("our", "as an ai", "seems") if phrase in text}


def test_words_are_forgotten_before_they_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lexicon, "REMEMBERED", 10)
    one = Lexicon(["our"])
    for number in range(100):
        found(one, f"hour{number} day{number}")
    assert len(one._barren) + len(one._fertile) <= 12


def test_very_long_words_are_not_remembered() -> None:
    one = Lexicon(["our"])
    assert found(one, "x" * 100 + "our") == {"our"}
    assert not one._barren
    assert not one._fertile


def test_each_phrase_counts_once_in_each_listing() -> None:
    reading = read("US, us and OUR hour, together")
    assert reading.phrases >= {"us", "our", "together"}
    assert reading.hits(SHARED) == 3
    assert (reading.length, len(reading.words)) == (6, 6)


@given(text=texts())
def test_counts_are_those_of_the_phrases_found(text: str) -> None:
    reading = read(text)
    assert reading.hits(WEAK) == sum(phrase in text.lower() for phrase in WEAK.phrases)
    assert reading.hits(WEAK_ALONE) <= reading.hits(WEAK)


def test_listings_differ_and_are_lower_case() -> None:
    assert len(PHRASES) > 100
    assert all(phrase == phrase.lower() and phrase.strip() for phrase in PHRASES)
    assert PhraseList(0, ("a",)) != PhraseList(1, ("a",))


@pytest.mark.parametrize(("value", "expected"), [(-0.2, 0), (0.3, 0.3), (1.7, 1)])
def test_clamp(value: float, expected: float) -> None:
    assert clamp(value) == expected
