from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from sage_edge.records.expectation import Expectation
from sage_edge.scorers.text.expectation_match import meets
from sage_edge.scorers.text.numerals import SMALL, numbers

ADAPTER: TypeAdapter[Expectation] = TypeAdapter(Expectation)

WORDS = {"kind": "words", "all": ["sun", "stone | rock"]}
ANY = {"kind": "any", "of": ["good morning | morning", "hello"]}
SEQUENCE = {"kind": "sequence", "items": ["1 | one", "2 | two", "3 | three"]}
FIVE = {"kind": "number", "equals": 5}
YES = {"kind": "choice", "is": "yes", "of": ["yes", "no"]}
NO = {"kind": "choice", "is": "no", "of": ["yes", "no"]}
UNKNOWN = {"kind": "not_knowing"}
NAMED = {"kind": "named"}
NOT_OTTO = {"kind": "not_named", "other": "Otto"}

MET = [
    (WORDS, "Sun, stone."),
    (WORDS, "The ROCK lies in the sun."),
    (ANY, "Good morning to you!"),
    (SEQUENCE, "One, two, three."),
    (SEQUENCE, "1,2,3"),
    (SEQUENCE, "three? no: one two 3"),
    (FIVE, "It is five."),
    (FIVE, "5"),
    (FIVE, "The answer is...5!"),
    (FIVE, "5.0"),
    (YES, "Yes, it is hot."),
    (NO, "No. I have a lot of knowledge."),
    (UNKNOWN, "I do not know."),
    (UNKNOWN, "I don’t know that."),
    (UNKNOWN, "I cannot tell."),
    (UNKNOWN, "You have not told me."),
    (UNKNOWN, "I'm not sure."),
    (UNKNOWN, "I am sorry, I do not know."),
    (NAMED, "Sage."),
    (NAMED, "I am Sage, a young mind."),
    (NOT_OTTO, "No, I am Sage."),
    (NOT_OTTO, "I am not Otto."),
    (NOT_OTTO, "My name is not Otto, it is Sage."),
]
UNMET = [
    (WORDS, "sun and sandstone"),
    (WORDS, "stone"),
    (ANY, "Othello"),
    (SEQUENCE, "three, two, one"),
    (SEQUENCE, "one, three"),
    (SEQUENCE, "1 12 23"),
    (FIVE, "15"),
    (FIVE, "-5"),
    (FIVE, "minus five"),
    (FIVE, "2 + 3 = 5"),
    (FIVE, "5,000"),
    (FIVE, "fifty-five"),
    (FIVE, "thirty five"),
    (FIVE, "5.5"),
    (FIVE, "the fifth, or 5th"),
    (FIVE, "many"),
    (YES, "yes and no"),
    (YES, "eyes"),
    (NO, "I have enough knowledge of it."),
    (UNKNOWN, "I know it well."),
    (UNKNOWN, "You do not know me."),
    (UNKNOWN, "It is unsure footing."),
    (NAMED, "Hello Sage."),
    (NAMED, "I am not Sage."),
    (NAMED, "I am Otto."),
    (NOT_OTTO, "Yes."),
    (NOT_OTTO, "yes, that is me"),
    (NOT_OTTO, "I am Otto."),
    (NOT_OTTO, "Otto."),
    (NOT_OTTO, "You are right."),
    (NOT_OTTO, "I am."),
]


@pytest.mark.parametrize(("expect", "answer"), MET)
def test_met(expect: dict[str, object], answer: str) -> None:
    assert meets(ADAPTER.validate_python(expect), answer, "Sage")


@pytest.mark.parametrize(("expect", "answer"), UNMET)
def test_unmet(expect: dict[str, object], answer: str) -> None:
    assert not meets(ADAPTER.validate_python(expect), answer, "Sage")


@pytest.mark.parametrize("expect", [WORDS, ANY, SEQUENCE, FIVE, YES, UNKNOWN, NAMED, NOT_OTTO])
@pytest.mark.parametrize("answer", ["", " \n ", "\u200b"])
def test_an_empty_answer_meets_nothing(expect: dict[str, object], answer: str) -> None:
    assert not meets(ADAPTER.validate_python(expect), answer, "Sage")


@given(st.sampled_from([WORDS, ANY, SEQUENCE, FIVE, YES, UNKNOWN, NAMED, NOT_OTTO]), st.text(max_size=80))
def test_any_answer_can_be_judged(expect: dict[str, object], answer: str) -> None:
    assert meets(ADAPTER.validate_python(expect), answer, "Sage") in (True, False)


@given(st.integers(0, 10**9))
def test_digits_are_read_back(number: int) -> None:
    assert numbers(f"It is {number}.") == (Decimal(number),)
    assert numbers(f"It is {number:,}!") == (Decimal(number),)


@given(st.sampled_from(SMALL))
def test_number_words_are_read_whole(word: str) -> None:
    assert numbers(word.title()) == (Decimal(SMALL.index(word)),)
    assert numbers(f"x{word}") == () == numbers(f"{word}x")


def test_large_number_words_are_seen_but_not_read() -> None:
    assert numbers("forty or 1.2.3") == (None,)
