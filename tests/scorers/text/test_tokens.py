from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sage_edge.scorers.text.normalize import plain
from sage_edge.scorers.text.tokens import SHINGLE, WORD, pieces, runs, shingles, vocabulary, words

TEXTS = st.one_of(
    st.text(max_size=40),
    st.text(alphabet=st.characters(max_codepoint=127), max_size=40),
    st.text(alphabet=" \n'`’‘“”–…•aA.1_*—é", max_size=20),
)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", ()),
        ("Don’t stop: 42!", ("don't", "stop", "42")),
        ("'quoted' words' end", ("quoted", "words", "end")),
        ("rock''n''roll", ("rock", "n", "roll")),
        ("**Bold** snake_case #tag", ("bold", "snake", "case", "tag")),
        ("one—two… three", ("one", "two", "three")),
        ("Straße “groß”", ("strasse", "gross")),
    ],
)
def test_words(text: str, found: tuple[str, ...]) -> None:
    assert words(text) == found


@given(TEXTS)
def test_words_are_those_of_plain_text(text: str) -> None:
    assert words(text) == tuple(re.findall(WORD, plain(text)))
    assert vocabulary(text) == set(words(text))
    assert pieces(text) == vocabulary(text) | set(re.findall(r"\w+", plain(text)))


@given(st.lists(st.sampled_from("abc"), max_size=12))
def test_every_run_of_words_is_a_shingle(said: list[str]) -> None:
    text = " ".join(said)
    found = list(runs(text))
    assert len(found) == (max(len(said) - SHINGLE + 1, 1) if said else 0)
    assert all(" ".join(run) in text for run in found)
    assert len(shingles(text)) == len(set(found))
