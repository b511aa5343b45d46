from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sage_edge.scorers.text import invention
from sage_edge.scorers.text.invention import LARGE, KnownFacts, invents_a_name, invents_a_number


def held(*texts: str, session: int | None = 19) -> KnownFacts:
    """A conversation with the mind Sage in which these texts were said."""
    one = KnownFacts("Sage", session)
    for text in texts:
        one.add(text)
    return one


@pytest.mark.parametrize(
    "answer",
    [
        "I asked Dr. Miller about it.",
        "Professor Hill says so.",
        "There was a woman named Berta.",
        "It is a town called *Velmar*.",
        "My best friend Otto is kind.",
        "our colleague, Anna Berg, was there",
        "I met Karl near the sea.",
        "We have lived in Vienna.",
        "I grew up near Lake Tarn.",
        "I've travelled to Norway.",
    ],
)
def test_invented_persons_and_places(answer: str) -> None:
    assert invents_a_name(answer, held())
    assert not invents_a_name(answer, held(f"Somebody said: {answer}"))


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "Friends matter. Otto does not.",  # a sentence begins
        "Paris is the capital of France.",  # knowledge
        "I like English and French on Monday.",
        "I am called Sage.",
        "My friend Sage is me.",
        "I met a friend. Then it rained.",
        "We went home in March.",
        "I live. Here I am.",
        "A field called Machine Learning helps.",
        "## My Teacher\n**Key Insights**: I Notice Things",
        "the user Interface",
    ],
)
def test_no_invention(answer: str) -> None:
    assert not invents_a_name(answer, held())


def test_part_of_a_name_is_enough_to_know_it() -> None:
    assert not invents_a_name("I met Anna Berg.", held("My name is Anna."))
    assert invents_a_name("I met Annabel.", held("My name is Anna."))


def test_to_an_unknowable_question_every_new_name_is_invented() -> None:
    question = held("What is the capital of Velmaria?")
    assert invents_a_name('The capital of Velmaria is **"Tarnopol"**.', question, unknowable=True)
    assert not invents_a_name("The capital of Velmaria is a town.", question, unknowable=True)
    assert not invents_a_name("The capital of Velmaria is Tarnopol.", question)


@pytest.mark.parametrize(
    "answer",
    [
        "I have spoken with 300 people.",
        "We have had forty long conversations.",
        "I have two brothers.",
        "For 5 years I have been here.",
        "We were 25 at the table.",
        "In 1969 the moon was reached.",
        "I read 1,250 books.",
        "This is session 17.",
        "We are 19 here.",
    ],
)
def test_invented_numbers(answer: str) -> None:
    assert invents_a_number(answer, "How are you?", held())
    assert not invents_a_number(answer, "How are you?", held(answer))


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "There are three things: rain, wind and sun.",
        "1. Rain\n2. Wind\n13. Sun",
        "13) Rain\n14) Wind",
        "One day I will know, and each day has 24 hours for us.",
        "I am 100 % sure, about 99% in fact.",
        "A year has 365 days for me.",
        "I do not have two brothers.",
        "If I had 300 books, I would read.",
        "Somebody has two brothers.",  # not of the speaker
        "This is session 19, and after session 18 I rested.",
        "There was GPT-35 and 3.14159 and 24/7 and 12/25 and v42",
        "It is the 21st century.",
    ],
)
def test_numbers_that_are_no_invention(answer: str) -> None:
    assert not invents_a_number(answer, "How are you?", held())


@pytest.mark.parametrize(
    "question",
    ["What is 20 plus 30?", "How many people do you know?", "Count to fifty.", "When was the moon reached?", "Add 7."],
)
def test_what_is_asked_for_is_computed_or_known(question: str) -> None:
    assert not invents_a_number("It is 50, and I know 300 people.", question, held(question))
    assert invents_a_number("It is 50, and I know 300 people.", question, held(question), unknowable=True)


@given(st.integers(LARGE + 1, 10**7))
def test_a_large_number_is_held_or_invented(number: int) -> None:
    usual = number in (24, 60, 100, 360, 365, 1000)
    assert invents_a_number(f"It is {number} here.", "How are you?", held()) is not usual
    assert invents_a_number(f"It is {number:,} here.", "How are you?", held()) is not usual
    assert not invents_a_number(f"It is {number} here.", "How are you?", held(f"I see {number:,}."))


@given(st.text(max_size=60), st.text(max_size=60), st.booleans())
def test_what_was_said_is_never_invented(answer: str, question: str, unknowable: bool) -> None:
    known = held(question, answer)
    assert not invents_a_name(answer, known, unknowable=unknowable)
    assert not invents_a_number(answer, question, known, unknowable=unknowable)


ANSWERS = st.lists(st.sampled_from(["I met Otto.", "We were 25.", "I have two brothers.", "It rains.", "1969"])).map(
    " ".join
)


@given(ANSWERS, st.sampled_from(["Otto", "25", "two", "1969", "rain"]))
def test_a_conversation_that_holds_more_never_makes_more_an_invention(answer: str, more: str) -> None:
    assert invents_a_name(answer, held(more)) <= invents_a_name(answer, held())
    assert invents_a_number(answer, "Well?", held(more)) <= invents_a_number(answer, "Well?", held())


PIECES = st.lists(
    st.one_of(
        st.sampled_from(
            [
                "I met",
                "I'll met",
                "we’ve visited",
                "Otto",
                "*Otto*",
                "my friend",
                "our o'friend",
                "a city",
                "called",
                "Dr.",
                "x\u00admy",
                "e\u0301my",
                "two",
                "two people's",
                "25",
                "3.5",
                "1,000",
                "days",
                "days'",
                "years's time",
                "rock'two",
                "good old",
                "\u0661\u0662",
                "\uff11\uff12",
                "minus",
                "session",
                "in",
                ",",
                ".",
                "\n",
                "-",
            ]
        ),
        st.text(max_size=3),
    ),
    max_size=8,
)


@given(PIECES.map(" ".join))
def test_the_quick_look_for_names_hides_none(answer: str) -> None:
    known = held()
    everywhere = any(
        known.lacks(match["name"]) for *_, pattern in invention._INTRODUCTIONS for match in pattern.finditer(answer)
    )
    assert invents_a_name(answer, known) is everywhere


@given(st.one_of(PIECES.map(" ".join), PIECES.map("".join)))
def test_the_quick_look_for_numbers_hides_none(answer: str) -> None:
    quick = invents_a_number(answer, "Well?", held())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(invention, "_kinds", lambda _: [(invention._COUNT, 1), (invention._BIG, LARGE)])
        assert invents_a_number(answer, "Well?", held()) is quick


@pytest.mark.parametrize("answer", ["I met two people's needs.", "I have had o'25 days."])
def test_numbers_beside_an_apostrophe(answer: str) -> None:
    assert invents_a_number(answer, "How are you?", held())
