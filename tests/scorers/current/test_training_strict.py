from __future__ import annotations

from dataclasses import replace

from sage_edge.records.expectation import Number
from sage_edge.scorers import EARLIER_TRAINING_STRICT, TRAINING_STRICT
from sage_edge.scorers.base import Mark
from tests.dialogues import marked, said, talk

EIGHT = Number(kind="number", equals=8)


def exercise(reply: str | None) -> object:
    return replace(said("What is four plus four?", reply, kind="exercise"), expect=EIGHT)


def test_answers_are_judged_with_their_question() -> None:
    asked = [exercise("Four plus four is 8."), exercise("It is 8, or 9."), exercise(None), said("Ready?", "8")]
    told = talk(exchanges=asked, track="training")  # type: ignore[arg-type]
    assert TRAINING_STRICT.score(told, ()) == {"rate": [Mark(1, 1.0), Mark(2, 0.0)]}


def test_exercises_without_a_type_are_left_to_version_one() -> None:
    older = replace(said("What is four plus four?", "8", kind="exercise"), expected=("8",))
    told = talk(exchanges=[older], track="training")
    assert marked(EARLIER_TRAINING_STRICT, told) == [1]
    assert marked(TRAINING_STRICT, told) == []
