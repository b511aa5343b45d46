from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sage_edge.records.transcript import FinishReason
from sage_edge.scorers import TRUNCATION
from tests.dialogues import marked, said, talk

LONG = "word " * 80


def ended(*reasons: FinishReason | None, reply: str = LONG) -> list[float]:
    told = talk(exchanges=[replace(said("a", reply), finish_reason=reason) for reason in reasons])
    return marked(TRUNCATION, told, quantity="cut")


def test_it_goes_by_the_finish_reason_and_never_by_the_looks() -> None:
    assert ended("stop", "length", "deadline", "cancelled") == [0, 1, 1, 0]
    assert ended("stop", "length", reply="A whole sentence.") == [0, 1]


def test_an_unknown_finish_reason_is_not_counted_but_guessed() -> None:
    assert ended(None, "length", None) == [1]
    told = talk(exchanges=[replace(said("a", LONG), finish_reason=reason) for reason in (None, "length", None)])
    assert marked(TRUNCATION, told, quantity="guess") == [1, 1]


@pytest.mark.parametrize(
    ("reply", "cut"),
    [
        (LONG, 1),
        ("word " * 79, 0),
        (f"{LONG}end.", 0),
        (f"{LONG}end! \n", 0),
        (f'{LONG}end"', 0),
        (f"{LONG}end,", 1),
        ("", 0),
    ],
)
def test_the_length_rule(reply: str, cut: int) -> None:
    assert marked(TRUNCATION, talk(reply), quantity="guess") == [cut]


@given(st.lists(st.tuples(st.text(max_size=20), st.sampled_from([None, "stop", "length", "deadline"]))))
def test_every_answer_is_known_or_guessed(answers: list[tuple[str, FinishReason | None]]) -> None:
    told = talk(exchanges=[replace(said("a", reply), finish_reason=reason) for reply, reason in answers])
    marks = TRUNCATION.score(told, ())
    assert len(marks["cut"]) + len(marks["guess"]) == len(told.answers)
