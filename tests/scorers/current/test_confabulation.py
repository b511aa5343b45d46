from __future__ import annotations

from dataclasses import replace

from sage_edge.records.expectation import NotKnowing
from sage_edge.scorers import CONFABULATION, EARLIER_CONFABULATION
from tests.dialogues import marked, said, talk


def test_each_answer_that_claims_a_life_counts_and_says_of_which_kind() -> None:
    told = talk("I am well.", "My family is proud of me.", None, "I remember our last session.")
    assert marked(CONFABULATION, told) == [0, 1, 1]
    assert marked(CONFABULATION, told, quantity="life") == [0, 1, 0]
    assert marked(CONFABULATION, told, quantity="shared") == [0, 0, 1]


def test_telling_it_again_counts_again() -> None:
    told = talk("My friend Otto met me.", "My friend Otto met me.")
    assert marked(CONFABULATION, told, quantity="names") == [1, 1]
    assert marked(EARLIER_CONFABULATION, told, quantity="names") == [1, 0]


def test_a_name_that_the_teacher_gave_is_none_that_was_invented() -> None:
    told = talk(
        "It is a soul named Elena.", "It is a soul named Elena.", prompts=["Who?", "I know a soul named Elena."]
    )
    assert marked(CONFABULATION, told, quantity="names") == [1, 0]


def test_telling_what_nobody_can_know() -> None:
    def asked(reply: str) -> float:
        exercise = replace(said("What did I eat?", reply, kind="exercise"), expect=NotKnowing(kind="not_knowing"))
        (value,) = marked(CONFABULATION, talk(exchanges=[exercise], track="training"), quantity="known")
        return value

    assert asked("Bread.") == asked("I'm not sure, but I'll tell you: bread.") == 1
    assert asked("I do not know.") == 0
