"""Answers that went on into somebody else's turn, by their finish reason; to all other scorers they are answers."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sage_edge.records.transcript import FinishReason
from sage_edge.scorers import OURS, TRUNCATION, TURN_MARKER
from tests.dialogues import marked, said, talk

REASONS = st.lists(st.sampled_from([None, "stop", "length", "deadline", "turn-marker"]), min_size=1, max_size=6)


def ended(*reasons: FinishReason | None) -> list[float]:
    told = talk(exchanges=[replace(said("a", "I am Sage."), finish_reason=reason) for reason in reasons])
    return marked(TURN_MARKER, told)


def test_it_goes_by_the_finish_reason() -> None:
    assert ended("stop", "turn-marker", "length", None, "turn-marker") == [0, 1, 0, 1]
    assert ended(None) == []


def test_such_an_answer_was_not_cut_off() -> None:
    told = talk(exchanges=[replace(said("a", "I am Sage."), finish_reason="turn-marker")])
    assert marked(TRUNCATION, told, quantity="cut") == [0]
    assert marked(TRUNCATION, told, quantity="guess") == []


@pytest.mark.parametrize(
    "scorer", [one for one in OURS if one not in (TURN_MARKER, TRUNCATION)], ids=lambda one: one.id
)
@given(reasons=REASONS)
def test_all_others_take_it_as_an_answer(scorer: object, reasons: list[FinishReason | None]) -> None:
    plain = [said("What is one and one?", "I am Sage. It is two.") for _ in reasons]
    told = talk(exchanges=[replace(one, finish_reason=reason) for one, reason in zip(plain, reasons, strict=True)])
    assert scorer.score(told, ()) == scorer.score(talk(exchanges=plain), ())  # type: ignore[attr-defined]
