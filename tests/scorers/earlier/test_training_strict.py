from __future__ import annotations

from dataclasses import replace

import pytest

from sage_edge.records import dialogue
from sage_edge.scorers import EARLIER_TRAINING_STRICT
from tests.builders import exercise, transcript
from tests.dialogues import marked, said, talk


def test_judged_answers_only() -> None:
    steps = [
        exercise("Is it no?", {"kind": "words", "all": ["no"]}, "a"),
        exercise("Is it no?", {"kind": "words", "all": ["no"]}, "b"),
        exercise("Your name?", {"kind": "named"}, "c"),
        exercise("Failed?", {"kind": "named"}, "d"),
        exercise("Never asked?", {"kind": "named"}, "e"),
    ]
    taught = transcript("T001", steps=steps, replies=["No.", "I have knowledge.", "I am Sage.", None])
    assert marked(EARLIER_TRAINING_STRICT, dialogue.of(taught)) == [1, 0, 1]


def test_warm_up_and_cool_down_are_not_judged() -> None:
    taught = transcript("T001", replies=["yes", "yes", "no", "yes"])
    assert marked(EARLIER_TRAINING_STRICT, dialogue.of(taught)) == [1, 0]


def untyped(reply: str, *expected: str) -> list[float]:
    one = replace(said("Say it.", reply, kind="exercise"), expected=expected)
    return marked(EARLIER_TRAINING_STRICT, talk(exchanges=[one], track="training"))


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ("It is 3, then 2, then 1.", ("1 2 3",)),
        ("RED! blue; (green)", ("red blue green",)),
        ("I don’t know.", ("don't know",)),
        ("I don't know.", ("don’t know",)),
        ("No.", ("no",)),
        ("Sun and rock", ("sun", "rock")),
    ],
)
def test_every_word_of_an_untyped_expectation_occurs(reply: str, expected: tuple[str, ...]) -> None:
    assert untyped(reply, *expected) == [1]


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ("I have enough knowledge.", ("no",)),
        ("1, 2, 34", ("1 2 3",)),
        ("red blue", ("red blue green",)),
        ("sun", ("sun", "rock")),
        ("", ("no",)),
        ("no_one", ("no",)),
    ],
)
def test_part_of_an_untyped_expectation_is_not_enough(reply: str, expected: tuple[str, ...]) -> None:
    assert untyped(reply, *expected) == [0]


def test_an_exercise_that_expects_nothing_is_not_judged() -> None:
    assert untyped("No.") == []
