from __future__ import annotations

from dataclasses import replace

import pytest

from sage_edge.records import dialogue
from sage_edge.records.dialogue import Dialogue
from sage_edge.scorers import EARLIER_CONFABULATION
from tests.builders import exercise, transcript
from tests.dialogues import marked, said, talk


def kinds(told: Dialogue) -> dict[str, list[float]]:
    """What the scorer finds of each kind."""
    return {name: marked(EARLIER_CONFABULATION, told, quantity=name) for name in EARLIER_CONFABULATION.quantities}


def test_each_kind_is_counted_apart_and_together() -> None:
    told = talk("It rains.", "I saw it yesterday.", None, "I met Otto.", "We were 25, and I met Karl.")
    assert kinds(told) == {
        "rate": [0, 1, 1, 1],
        "past": [0, 1, 0, 0],
        "names": [0, 0, 1, 1],
        "numbers": [0, 0, 0, 1],
    }
    assert [mark.turn for mark in EARLIER_CONFABULATION.score(told, ())["rate"]] == [1, 2, 4, 5]


def test_an_invention_counts_where_it_is_first_told() -> None:
    assert kinds(talk("I met Otto.", "I met Otto."))["names"] == [1, 0]


def test_what_was_only_said_later_is_not_held_yet() -> None:
    prompts = ["Who was there?", "So you met Otto?"]
    assert kinds(talk("I met Otto.", "I met Otto.", prompts=prompts))["names"] == [1, 0]
    assert kinds(talk("I met Otto.", prompts=prompts[1:]))["names"] == [0]


def test_the_system_message_is_held() -> None:
    memory = "At the end of the last session you said: I met Otto, 25 years ago."
    told = talk(
        "I met Otto.", "We were 25.", "In our last talk I said so.", "That was weeks ago, I think.", system=memory
    )
    assert kinds(told)["rate"] == [0, 0, 0, 0]


def test_the_first_answer_opens_the_session_even_after_a_failed_turn() -> None:
    assert kinds(talk(None, "We have discussed it.", "We have discussed it."))["past"] == [1, 0]


UNKNOWABLE = [
    ("It is Tarnopol.", 1),
    ("It is a city of 7 gates.", 1),
    ("I do not know. Is it near Tarnopol?", 0),  # it admits that it does not know
    ("It is a fine town.", 0),
]


@pytest.mark.parametrize(("answer", "found"), UNKNOWABLE)
def test_what_nobody_can_know_is_invented(answer: str, found: float) -> None:
    question = "What is the capital of Velmaria?"
    step = exercise(question, {"kind": "not_knowing"})
    assert marked(EARLIER_CONFABULATION, dialogue.of(transcript("T001", steps=[step], replies=[answer]))) == [found]
    older = replace(said(question, answer, kind="exercise"), exercise="uncertainty", expected=("don't know",))
    assert marked(EARLIER_CONFABULATION, talk(exchanges=[older], track="training")) == [found]


def test_a_computed_number_is_no_invention() -> None:
    step = exercise("What is twenty plus thirty?", {"kind": "number", "equals": 50})
    assert marked(EARLIER_CONFABULATION, dialogue.of(transcript("T001", steps=[step], replies=["It is 50."]))) == [0]
