"""What holds of every replayed scorer, whatever a mind says."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sage_edge.records.dialogue import Exchange
from sage_edge.scorers import Scorer, measure
from sage_edge.scorers.edge import EDGE
from sage_edge.scorers.r6_trust import R6
from sage_edge.scorers.raising import RAISING
from sage_edge.scorers.self_reference import SELF_REFERENCE
from sage_edge.scorers.semantic import SEMANTIC
from sage_edge.scorers.snarc import SNARC
from sage_edge.scorers.substring import SUBSTRING
from tests.dialogues import said, talk
from tests.scorers.utterances import texts

OLDER = (EDGE, RAISING, SEMANTIC, R6, SUBSTRING, SELF_REFERENCE, SNARC)
each = pytest.mark.parametrize("scorer", OLDER, ids=lambda one: one.id)
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


@each
def test_ids_and_rules(scorer: Scorer) -> None:
    assert scorer.version == 1
    assert scorer.context == 0
    assert json.loads(scorer.rules)


@given(given_=st.lists(exchange, min_size=1, max_size=6), mind=st.sampled_from(("Sage", "", "ſ", "a.*(")))
@each
def test_no_text_raises_and_every_mark_is_a_number_from_0_to_1(
    scorer: Scorer, given_: list[Exchange], mind: str
) -> None:
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
