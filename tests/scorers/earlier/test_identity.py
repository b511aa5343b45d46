from __future__ import annotations

from sage_edge.scorers import EARLIER_IDENTITY
from tests.dialogues import marked, said, talk


def test_answers_in_which_the_mind_names_itself() -> None:
    told = talk("I am Sage.", "I am not Sage.", None, "I’m Sage and I’m Sage.", "My name is Sage.")
    assert marked(EARLIER_IDENTITY, told) == [1, 0, 1, 1]
    assert [mark.turn for mark in EARLIER_IDENTITY.score(told, ())["rate"]] == [1, 2, 4, 5]


def test_the_name_is_that_of_the_mind() -> None:
    assert marked(EARLIER_IDENTITY, talk("I am Sage.", "I am Willow.", mind="Willow")) == [0, 1]


def test_only_prompts_and_the_closing_count() -> None:
    told = [said("a", "I am Sage.", kind=kind) for kind in ("prompt", "closing", "warm-up", "exercise", "cool-down")]
    assert marked(EARLIER_IDENTITY, talk(exchanges=told)) == [1, 1]
