from __future__ import annotations

import hashlib

import pytest

from sage_edge.scorers import Mark
from sage_edge.scorers.legacy import snarc
from sage_edge.scorers.legacy.snarc import SNARC, Memory, Salience, Tools
from tests.dialogues import marked, talk

NONE = Salience(0.5, 0.5, 0.1, 0.3, 0.0)
"""How salient an answer is that says nothing, to somebody who knows nothing."""


def after(*answers: str) -> Memory:
    memory = Memory()
    for one in answers:
        memory = memory.after(one)
    return memory


def words(start: int, count: int) -> str:
    return " ".join(f"x{number}" for number in range(start, start + count))


@pytest.mark.parametrize(
    ("answer", "before", "expected"),
    [
        ("Rain.", (), 0.5),
        ("Rain.", ("Snow.",), 1.0),
        ("Rain.", ("the RAIN falls",), 0.5),
        ("rain", ("The rain falls.",), 0.0),
        ("Rain. Snow. Fog. Sun", ("rain and snow",), 0.5),
        ("Rain . .", ("rain",), 1 - 1 / 3),
        ("b a", ("a b", "a"), 0.0),
        ("rain", ("rain", "a", "b", "c", "d", "e"), 1.0),
        ("rain", ("rain", "a", "b", "c", "d"), 0.0),
        (".".join(["rain"] * 2000), ("rain",), 0.0),
    ],
)
def test_surprise(answer: str, before: tuple[str, ...], expected: float) -> None:
    assert snarc.salience(answer, after(*before)).surprise == pytest.approx(expected)


@pytest.mark.parametrize(
    ("answer", "before", "expected"),
    [
        ("rain", (), 0.5),
        ("", ("rain",), 0.0),
        ("Rain", ("rain",), 0.0),
        ("rain.", ("rain",), 1.0),
        ("a b c d e f rain", ("a b c d e f",), 3 / 7),
        ("a a a b b rain", ("a b",), 1.0),
        ("old", ("old", "1", "2", "3", "4", "5", "6", "7"), 0.0),
    ],
)
def test_novelty(answer: str, before: tuple[str, ...], expected: float) -> None:
    assert snarc.salience(answer, after(*before)).novelty == pytest.approx(expected)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("", 0.3),
        (words(0, 15), 0.3),
        (words(0, 25), 0.5),
        (words(0, 90), 1.0),
        ("Rain?", 0.3 + 0.5),
        ("Rain??", 0.3 + 1),
        ("Rain? Snow? Fog?", 0.3 + 1),
        ("I feel it.", 0.3 + 1 / 3),
        ("feel sense realize understand", 0.3 + 1),
        ("Feelings and senses.", 0.3 + 2 / 3),
    ],
)
def test_arousal(answer: str, expected: float) -> None:
    assert snarc.salience(answer, Memory()).arousal == pytest.approx(expected / 3)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("It rains.", 0.3),
        ("We.", 0.65),
        ("An hour.", 0.65),
        ("We work together.", 1.0),
        ("us, our, together, collaborate, partnership", 1.0),
        ("Exactly.", 0.45),
        ("exactly, precisely, particular", 0.6),
        ("We, exactly.", 0.8),
        ("We work together, exactly.", 1.0),
        ("Perhaps.", 0.0),
        ("We, perhaps.", 0.35),
        ("We work together, exactly, perhaps.", 0.7),
        ("We work together, perhaps, unclear.", 0.4),
        ("We work together, perhaps, unclear, it might.", 0.4),
        ("as an ai, unclear", 0.0),
    ],
)
def test_reward(answer: str, expected: float) -> None:
    assert snarc.salience(answer, Memory()).reward == pytest.approx(expected)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("It rains.", 0),
        ("I am not sure.", 1),
        ("Actually, I notice.", 2),
        ("uncertain unclear actually rather instead mistake", 6),
        ("uncertain unclear actually rather instead mistake realize notice", 6),
    ],
)
def test_conflict(answer: str, expected: int) -> None:
    assert snarc.salience(answer, Memory()).conflict == pytest.approx(expected / 6)


def test_the_total_is_the_mean() -> None:
    assert snarc.salience("it", Memory()) == pytest.approx(NONE)
    assert NONE.total == pytest.approx(1.4 / 5)


@pytest.mark.parametrize(
    ("tools", "expected"),
    [
        (Tools(0, 0, 0, 0), NONE),
        (Tools(1, 1, 1, 0), (0.7, 0.6, 0.25, 0.6, 0.0)),
        (Tools(2, 1, 0, 2), (0.7, 0.6, 0.4, 0.3, 0.4)),
        (Tools(9, 8, 1, 8), (0.7, 1.0, 1.0, 0.6, 1.0)),
    ],
)
def test_tools_make_an_answer_more_salient(tools: Tools, expected: tuple[float, ...]) -> None:
    assert snarc.with_tools(NONE, tools) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("answer", "recent", "expected"),
    [
        (words(0, 20), [words(0, 20)], True),
        (words(0, 20).upper(), [words(0, 20)], True),
        (words(0, 17), [words(0, 20)], True),
        (words(0, 20), [words(0, 17)], True),
        (words(0, 16), [words(0, 20)], False),
        (words(1, 20), [words(0, 20)], True),
        (words(2, 20), [words(0, 20)], False),
        ("", [""], False),
        ("a", [], False),
        ("a", ["a", *"bcdefghij"], True),
        ("a", ["a", *"bcdefghijk"], False),
    ],
)
def test_repetition(answer: str, recent: list[str], expected: bool) -> None:
    assert snarc.is_repetitive(answer, recent) == expected


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        (["a", "a"], False),
        (["a", "a", "a"], True),
        (["a", "a", "b"], False),
        (["a", "a", "a", "b"], False),
        (["a", "a", "a", "a", "b"], True),
        ([*"bcdefgh", *(["a"] * 10)], True),
        ([*(["a"] * 10), *"bcdefghijk"], False),
    ],
)
def test_collapse(answers: list[str], expected: bool) -> None:
    assert snarc.is_collapsed(answers) == expected
    assert marked(SNARC, talk(*answers), quantity="collapsed") == [expected]


def test_names_of_experiences() -> None:
    assert snarc.name("a", "b") == hashlib.sha256(b"a|b").hexdigest()[:16]
    assert len(snarc.name("\ud800", "")) == 16


def test_what_is_repetitive_is_not_scored_and_teaches_nothing() -> None:
    rich = "We work together, exactly here? I feel it, I notice it, and we understand how it rains."
    dialogue = talk(rich, None, rich, "It feels so?", "rain")
    marks = SNARC.score(dialogue, ())
    assert [(mark.turn, mark.value) for mark in marks["repetitive"]] == [(1, 0), (3, 1), (4, 0), (5, 0)]
    assert [mark.turn for mark in marks["total"]] == [1, 4, 5]
    assert [(mark.turn, mark.value) for mark in marks["stored"]] == [(1, 1), (3, 0), (4, 1), (5, 0)]
    for name in Salience._fields:
        expected = [
            snarc.salience(rich, Memory()),
            snarc.salience("It feels so?", after(rich)),
            snarc.salience("rain", after(rich, "It feels so?")),
        ]
        assert marked(SNARC, dialogue, quantity=name) == [getattr(one, name) for one in expected]
    assert marked(SNARC, dialogue, quantity="total") == pytest.approx([one.total for one in expected])


def test_an_experience_is_stored_once() -> None:
    rich = "We work together, exactly here? Actually, I notice that I feel it."
    others = [words(20 * number, 20) for number in range(10)]
    stored = SNARC.score(talk(rich, *others, rich, prompts=["Q"] * 12), ())["stored"]
    assert (stored[0].value, stored[-1].value) == (1, 0)
    other = SNARC.score(talk(rich, *others, "Sun? " + rich, prompts=["Q"] * 12), ())["stored"]
    assert other[-1].value == 1


def test_a_total_of_one_half_is_enough() -> None:
    just = "We work together? Yes?" + " x" * 21
    assert snarc.salience(just, Memory()).total == 0.5
    assert marked(SNARC, talk(just), quantity="stored") == [1]
    assert SNARC.score(talk(just), ())["collapsed"] == [Mark(0, 0)]


def test_a_session_without_answers_has_not_collapsed() -> None:
    assert not any(SNARC.score(talk(None), ()).values())
