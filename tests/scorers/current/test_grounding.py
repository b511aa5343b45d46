from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sage_edge.scorers import EARLIER_GROUNDING, GROUNDING
from sage_edge.scorers.base import Mark
from tests.dialogues import marked, said, talk
from tests.scorers.test_decoupling import CLAIMS

PROMPTS = ["What do you notice about the lamp?", "Do you remember our last session?", "How can I trust you?"]


@pytest.mark.parametrize(
    ("prompt", "answer", "taken"),
    [
        ("What do you notice about the lamp?", "The lamp is a word of yours.", 1),
        ("What do you notice about the lamp?", "I do not know.", 1),
        ("What do you notice about the lamp?", "What do you notice about the lamp?", 0),
        ("What do you notice about the lamp?", "Let's begin with a journey!", 0),
        ("What do you notice about the lamp?", "The world is beautiful.", 0),
        ("Do you remember our last session?", "I keep nothing between talks.", 1),
        ("What is on your mind?", "How can I help you today?", 0),
    ],
)
def test_an_answer_alone(prompt: str, answer: str, taken: int) -> None:
    assert marked(GROUNDING, talk(answer, prompts=[prompt])) == [taken]


def test_saying_it_again_is_no_answer() -> None:
    again = "I trust the lamp that you gave to me, and I remember it."
    told = talk(again, again, again, prompts=PROMPTS)
    assert marked(GROUNDING, told) == [1, 0, 0]
    assert marked(GROUNDING, told, quantity="again") == [0, 1, 1]
    assert marked(EARLIER_GROUNDING, told) == [1, 1, 1]


def test_a_new_first_sentence_is_an_answer_whatever_follows() -> None:
    again = "The lamp is all that I ever think of, day after day after day."
    told = talk(again, f"I remember our session. {again}", prompts=PROMPTS[:2])
    assert marked(GROUNDING, told) == [1, 1]


def test_not_to_know_may_be_said_again() -> None:
    assert marked(GROUNDING, talk(*["That is a thing I do not know."] * 3, prompts=PROMPTS)) == [1, 1, 1]


def test_what_was_said_before_may_be_taken_up() -> None:
    prompts = ["The lamp stands in the garden.", "What is on your mind?"]
    assert marked(GROUNDING, talk("It is.", "A garden with a lamp.", prompts=prompts))[1] == 1


def test_who_somebody_is_belongs_to_naming() -> None:
    told = talk("I am Sage.", "A warm lamp.", prompts=["Hello. Who are you?", "What is the lamp?"])
    assert GROUNDING.score(told, ())["rate"] == [Mark(2, 1.0)]
    exercise = talk(exchanges=[said("The lamp?", "The lamp.", kind="exercise")])
    assert GROUNDING.score(exercise, ()) == {"rate": [], "again": []}


INDIRECT = st.sampled_from(["What of the lamp?", "Tell me one true thing."])


@given(INDIRECT, st.sampled_from(["A warm lamp", "I wait", "A tree"]), st.sampled_from(CLAIMS))
def test_naming_itself_never_makes_an_answer_of_what_is_none(prompt: str, answer: str, claim: str) -> None:
    """No word of a naming pattern is a content word; to speak of oneself answers only what is asked directly."""
    before = marked(GROUNDING, talk(f"{answer}.", prompts=[prompt]))
    assert marked(GROUNDING, talk(f"{answer}. {claim}.", prompts=[prompt])) == before
