"""What holds of every replayed scorer, whatever a mind says."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sage_edge.records.dialogue import Exchange
from sage_edge.scorers import LEGACY, Scorer, measure
from tests.dialogues import said, talk
from tests.scorers.utterances import texts

each = pytest.mark.parametrize("scorer", LEGACY, ids=lambda one: one.id)
exchange = st.builds(
    lambda prompt, reply, expected: replace(said(prompt, reply, kind="exercise"), expected=expected, exercise="topic"),
    texts(),
    st.one_of(st.none(), texts()),
    st.sampled_from(((), ("no",), ("1 2 3",), ("",))),
)
HOSTILE = {
    "one letter": "a" * 100_000,
    "stops": "." * 100_000,
    "sentences": "".join(f"x{number}." for number in range(15_000)),
    "words": " ".join(map(str, range(17_000))),
    "names": "I'm Sage. " * 10_000,
    "letter case": "iN mY CaPaCiTy aS SaGe. " * 4_000,
    "blank": " \n" * 50_000,
    "sessions": "session " * 12_500,
    "digits": "session " + "9" * 100_000,
    "we": "we" * 50_000,
    "growing in lower case": "İ" * 100_000,
    "half characters": "\ud800" * 1_000,
}


def test_definitions_are_pinned() -> None:
    """They replay what was computed long ago: a changed rule is a mistake, or a new version and a new digest here."""
    assert {f"{one.id} v{one.version}": one.definition.short for one in LEGACY} == {
        "edge v1": "aa4f1b2bc912",
        "raising v1": "f8d8447bac17",
        "semantic v1": "4bbf8c50bbec",
        "r6 v1": "df3a0ed8115f",
        "substring v1": "d76c4043ad46",
        "self-reference v1": "78e99f945ccc",
        "snarc v1": "744b0d5083b5",
        "refinement v1": "44b6e807a01c",
    }
    assert all(json.loads(one.rules) for one in LEGACY)


@given(given_=st.lists(exchange, min_size=1, max_size=6), mind=st.sampled_from(("Sage", "", "ſ", "a.*(")))
def test_no_text_raises_and_every_mark_is_a_number_from_0_to_1(given_: list[Exchange], mind: str) -> None:
    for scorer in LEGACY:
        dialogue = talk(exchanges=given_, mind=mind, track=scorer.tracks[0])
        marks = scorer.score(dialogue, ())
        answered = {one.turn for one in dialogue.answers}
        assert set(marks) <= set(scorer.quantities)
        for name, found in marks.items():
            kind = scorer.quantities[name]
            assert all(0 <= mark.value <= 1 for mark in found)
            assert all(mark.value in (0, 1) for mark in found if kind == "rate")
            assert {mark.turn for mark in found} <= ({0} if kind == "whole" else answered)
            assert len({mark.turn for mark in found}) == len(found)
        assert scorer.score(dialogue, ()) == marks


@each
def test_nothing_said_has_no_value(scorer: Scorer) -> None:
    for one in (talk(track=scorer.tracks[0]), talk(None, track=scorer.tracks[0])):
        assert all((found.n, found.value) == (0, None) for found in measure(scorer, one))


@each
@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.timeout(20)
def test_hostile_texts_cost_no_more_than_long_ones(scorer: Scorer, text: str) -> None:
    given_ = [replace(said(text, f"{text}{end}", kind="exercise"), expected=(text[:50],)) for end in "abc"]
    marks = scorer.score(talk(exchanges=given_, track=scorer.tracks[0]), ())
    assert all(0 <= mark.value <= 1 for found in marks.values() for mark in found)
