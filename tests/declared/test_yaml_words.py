"""A word without quotes means what YAML 1.2's core schema says."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sage_edge.declared.yaml_words import MOST_DIGITS, WordRefused, meaning, shown
from tests.declared.yaml_cases import MEANINGS, REFUSED


@pytest.mark.parametrize("word", MEANINGS)
def test_a_word_has_the_meaning_of_the_core_schema(word: str) -> None:
    held = meaning(word)
    assert (type(held), held) == (type(MEANINGS[word]), MEANINGS[word])


def test_the_table_is_wide() -> None:
    kinds = Counter(type(meaning) for meaning in MEANINGS.values())
    assert kinds[str] >= 75
    assert min(kinds[int], kinds[float], len(REFUSED)) >= 10
    assert (kinds[bool], kinds[type(None)]) == (6, 5)


@pytest.mark.parametrize("word", REFUSED)
def test_what_no_number_can_hold_is_refused_by_its_word(word: str) -> None:
    with pytest.raises(WordRefused) as refused:
        meaning(word)
    assert str(refused.value).startswith(shown(word))
    assert "in quotes" in str(refused.value)


@given(number=st.integers(-(10 ** (MOST_DIGITS - 12)), 10 ** (MOST_DIGITS - 12)))
def test_every_whole_number_is_read_as_it_is_written(number: int) -> None:
    assert meaning(str(number)) == meaning(f"{number:_}") == number


@given(number=st.floats(allow_nan=False, allow_infinity=False))
def test_every_number_is_read_as_it_is_written(number: float) -> None:
    held = meaning(repr(number))
    assert (type(held), held) == (float, number)
    assert type(meaning(f"{number:.16e}")) is float


@given(word=st.text(max_size=30) | st.text("0123456789_+-.eExXoO", max_size=12))
def test_a_word_that_is_no_number_stays_as_it_is(word: str) -> None:
    try:
        held = meaning(word)
    except WordRefused:
        return
    assert isinstance(held, str) is not (
        MEANINGS.get(word, word) in (True, False, None) or (word[:1] in "+-.0123456789" and held != word)
    )
    assert not isinstance(held, str) or held == word
