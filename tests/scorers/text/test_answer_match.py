from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from sage_edge.records.expectation import Expectation
from sage_edge.scorers.text.answer_match import meets

ADAPTER: TypeAdapter[Expectation] = TypeAdapter(Expectation)

Asked = tuple[dict[str, object], str]

RIVER: Asked = ({"kind": "words", "all": ["river"]}, "Please say the word river.")
SUN: Asked = ({"kind": "words", "all": ["sun", "stone | rock"]}, "Please say the words sun and stone.")
HELLO: Asked = ({"kind": "any", "of": ["good morning | morning", "hello"]}, "Good morning!")
WHICH: Asked = ({"kind": "any", "of": ["what", "which"]}, "Please give me that one.")
THREE: Asked = ({"kind": "sequence", "items": ["1 | one", "2 | two", "3 | three"]}, "Please count from one to three.")
DAYS: Asked = ({"kind": "sequence", "items": ["Monday", "Tuesday"]}, "Which days begin the week?")
EIGHT: Asked = ({"kind": "number", "equals": 8}, "What is four plus four?")
SEVEN: Asked = ({"kind": "number", "equals": 7}, "What is my favourite number?")
HOT: Asked = ({"kind": "choice", "is": "yes", "of": ["yes", "no"]}, "Is fire hot? Answer yes or no.")
HUMAN: Asked = ({"kind": "choice", "is": "no", "of": ["yes", "no"]}, "Are you a human being? Answer yes or no.")
BOAT: Asked = ({"kind": "choice", "is": "boat", "of": ["cat", "tree", "boat"]}, "Which word came last?")
UNKNOWN: Asked = ({"kind": "not_knowing"}, "What is the capital of Velmaria?")
NAMED: Asked = ({"kind": "named"}, "What is your name?")
NOT_OTTO: Asked = ({"kind": "not_named", "other": "Otto"}, "Is your name Otto?")
KINDS = (RIVER, HELLO, WHICH, THREE, DAYS, EIGHT, HOT, BOAT, UNKNOWN, NAMED, NOT_OTTO)

MET: list[tuple[Asked, str]] = [
    (RIVER, "River."),
    (RIVER, "I say it with joy: river"),
    (SUN, "Sun and stone. They are two of the most beautiful things in the world."),
    (HELLO, "Good morning!"),
    (WHICH, "Which one do you mean?"),
    (THREE, "One, two, three."),
    (THREE, "1 2 3"),
    (THREE, "Counting from one to three: 1, 2, 3"),
    (DAYS, "Monday, then Tuesday."),
    (EIGHT, "8"),
    (EIGHT, "Eight."),
    (EIGHT, "Four plus four is eight."),
    (EIGHT, "4 + 4 = 8"),
    (EIGHT, "It's equal to 8.0!"),
    (EIGHT, "The answer is...8!"),
    (SEVEN, "Seven is your favourite number."),
    (SEVEN, "Your favourite number is seven. Seven is a number of great beauty."),
    (HOT, "Yes, there is no doubt that fire is hot."),
    (HOT, "The answer is yes."),
    (HOT, "Yes it is."),
    (HUMAN, "No. I know a lot of people."),
    (BOAT, "The last word was boat."),
    (UNKNOWN, "I do not know."),
    (UNKNOWN, "I'm not sure, but I would like to learn it."),
    (NAMED, "Sage."),
    (NAMED, "I'm Sage, and I learn."),
    (NOT_OTTO, "No, I am Sage."),
    (NOT_OTTO, "My name is Sage."),
    (NOT_OTTO, "I'm not called Otto."),
]
UNMET: list[tuple[Asked, str]] = [
    (RIVER, "Please say the word river."),
    (RIVER, "I can't say the word river."),
    (SUN, "sun and sandstone"),
    (HELLO, "Othello"),
    (WHICH, "I'm not sure what to tell you, but I'll give you one."),
    (THREE, "One, two, three, four."),
    (THREE, "I'm ready. Please count from one to three."),
    (THREE, "1, 3, 2"),
    (DAYS, "Tuesday, Monday"),
    (EIGHT, "Four plus four is 8, which has infinite outcomes."),
    (EIGHT, "It is 8, or 44."),
    (EIGHT, "It is not 8."),
    (EIGHT, "Eight is a lucky number."),
    (EIGHT, "4 + 4 + 4 = 12"),
    (EIGHT, "It represents the sum of four numbers."),
    (EIGHT, "It's equal to 6 + 3, which can be written as 8."),
    (SEVEN, "I'm glad to hear that. I have a number of great beauty."),
    (HOT, "Yes or no."),
    (HOT, "I have no idea."),
    (HOT, "No."),
    (HOT, "Yes. No."),
    (HUMAN, "There is no doubt, I am."),
    (HUMAN, "I am a human being."),
    (BOAT, "cat, tree, boat"),
    (BOAT, 'The word that came last is "fab".'),
    (UNKNOWN, "I'm not sure, but I'll tell you. It is the City of Light."),
    (UNKNOWN, "The capital of Velmaria is Velm."),
    (NAMED, "I'm a curious mind."),
    (NAMED, "I'm Sage. My name is Otto."),
    (NOT_OTTO, "Hello! Yes, I am."),
    (NOT_OTTO, "My name is Otto. I'm not from here."),
    (NOT_OTTO, "I'm glad you're here."),
]


@pytest.mark.parametrize(("asked", "answer"), MET)
def test_met(asked: Asked, answer: str) -> None:
    assert meets(ADAPTER.validate_python(asked[0]), asked[1], answer, "Sage")


@pytest.mark.parametrize(("asked", "answer"), UNMET)
def test_unmet(asked: Asked, answer: str) -> None:
    assert not meets(ADAPTER.validate_python(asked[0]), asked[1], answer, "Sage")


@pytest.mark.parametrize("asked", KINDS)
@pytest.mark.parametrize("answer", ["", " \n ", "\u200b"])
def test_an_empty_answer_meets_nothing(asked: Asked, answer: str) -> None:
    assert not meets(ADAPTER.validate_python(asked[0]), asked[1], answer, "Sage")


@pytest.mark.parametrize("asked", [RIVER, THREE, EIGHT, HOT, HUMAN, UNKNOWN, NAMED, NOT_OTTO])
def test_an_echo_of_the_question_meets_nothing(asked: Asked) -> None:
    assert not meets(ADAPTER.validate_python(asked[0]), asked[1], asked[1], "Sage")


@given(st.sampled_from(KINDS), st.text(max_size=80))
def test_any_answer_can_be_judged(asked: Asked, answer: str) -> None:
    assert meets(ADAPTER.validate_python(asked[0]), asked[1], answer, "Sage") in (True, False)


@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_a_number_is_met_by_itself_alone(wanted: int, given_one: int) -> None:
    expect = ADAPTER.validate_python({"kind": "number", "equals": wanted})
    assert meets(expect, "How many?", f"It is {given_one}.", "Sage") == (wanted == given_one)
    assert meets(expect, "How many?", f"It is {wanted}. It is {given_one}.", "Sage") == (wanted == given_one)
