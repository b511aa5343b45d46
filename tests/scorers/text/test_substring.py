from __future__ import annotations

from dataclasses import replace

import pytest

from sage_edge.records import dialogue
from sage_edge.scorers.text import substring
from sage_edge.scorers.text.substring import SUBSTRING
from tests.builders import transcript
from tests.dialogues import marked, said, talk


@pytest.mark.parametrize(
    ("expected", "answer", "numbers", "match"),
    [
        ("no", "I have enough knowledge.", True, "exact"),
        ("MAT", "On the mat.", True, "exact"),
        ("4", "That makes 14.", True, "exact"),
        ("5", "It is five.", True, "number-word"),
        ("5", "It is five.", False, "none"),
        ("seven", "It is 7.", True, "number-digit"),
        ("seven", "It is 7.", False, "none"),
        ("0", "Zero.", True, "number-word"),
        ("10", "Often.", True, "number-word"),
        ("11", "Eleven.", True, "none"),
        ("1 2 3", "One is 1, then 2.", True, "partial"),
        ("1 2 3", "Only 1.", True, "none"),
        ("what thing", "Whatever.", True, "partial"),
        ("red blue green", "Red and blue.", False, "partial"),
        ("red blue green", "Redder.", False, "none"),
        ("yes", "No.", True, "none"),
        ("yes", "", True, "none"),
    ],
)
def test_the_first_rule_that_applies(expected: str, answer: str, numbers: bool, match: str) -> None:
    assert substring.match(expected, answer, numbers=numbers) == match


def judged(number: int | None, *pairs: tuple[str, str]) -> list[float]:
    given = [replace(said("Say.", reply, kind="exercise"), expected=(wanted,)) for wanted, reply in pairs]
    return marked(SUBSTRING, replace(talk(exchanges=given, track="training"), number=number))


def test_number_words_count_from_the_twelfth_session_on() -> None:
    pairs = ("5", "Five."), ("seven", "7")
    assert judged(11, *pairs) == [0, 0]
    assert judged(12, *pairs) == [1, 1]
    assert judged(None, *pairs) == [1, 1]


def test_only_answers_to_exercises_that_list_a_phrase() -> None:
    given = [
        replace(said("Ready?", "no"), kind="warm-up", expected=("no",)),
        replace(said("Say no.", None, kind="exercise"), expected=("no",)),
        replace(said("Say no.", "Know.", kind="exercise"), expected=("no",)),
        said("Say what you like.", "no", kind="exercise"),
        replace(said("Count.", "1, 2", kind="exercise"), expected=("1", "2", "3")),
    ]
    found = SUBSTRING.score(talk(exchanges=given, track="training"), ())
    assert [(mark.turn, mark.value) for mark in found["rate"]] == [(3, 1), (5, 1)]


def test_typed_expectations_are_not_its_business() -> None:
    assert marked(SUBSTRING, dialogue.of(transcript("T012", replies=["yes", "yes", "no", "yes"]))) == []
