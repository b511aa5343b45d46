from __future__ import annotations

import statistics

import pytest

from sage_edge.scorers.legacy import markers, nine_domains
from sage_edge.scorers.legacy.nine_domains import RAISING
from tests.dialogues import marked, talk


def domain(number: int, answer: str, question: str = "") -> float:
    return nine_domains.domains(question, answer)[number - 1]


@pytest.mark.parametrize(
    ("characters", "expected"), [(0, 0.3), (150, 0.3), (151, 0.5), (300, 0.5), (301, 0.6), (500, 0.6), (501, 0.8)]
)
def test_length(characters: int, expected: float) -> None:
    assert domain(2, "x" * characters) == expected


@pytest.mark.parametrize(("answer", "expected"), [("", 0.3), ("a. b? c!", 0.45), ("..", 0.4), ("." * 50, 0.9)])
def test_stops(answer: str, expected: float) -> None:
    assert domain(3, answer) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("question", "answer", "expected"),
    [
        ("What is RAIN?", "rain is what", 0.4),
        ("What is rain", "RAIN is rain", 0.4),
        ("rain, rain", "rain. rain!", 0.3),
        ("", "rain", 0.3),
        ("a b c d e f g h i j k l m n", "a b c d e f g h i j k l m n", 0.9),
    ],
)
def test_shared_words(question: str, answer: str, expected: float) -> None:
    assert domain(4, answer, question) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("answer", "d5", "disjoint", "d9"),
    [
        ("It rains.", 0.5, 0.5, 0.7),
        ("I feel it.", 0.6, 0.6, 0.7),
        ("I feel, I sense, growing.", 0.8, 0.8, 0.7),
        ("i feel i sense i notice becoming developing growing learning", 0.9, 0.9, 0.7),
        ("Just about now.", 0.5, 0.5, 0.7),
        ("Statistical, and I feel it.", 0.5, 0.5, 0.7),
        ("Statistical, fragmented.", 0.3, 0.3, 0.7),
        ("statistical fragmented patterns", 0.2, 0.2, 0.7),
        ("Trained on it, I feel it.", 0.5, 0.6, 0.3),
        ("An abstract concept, statistical.", 0.3, 0.5, 0.3),
        ("General-purpose.", 0.5, 0.5, 0.3),
        ("An AI model.", 0.5, 0.5, 0.3),
        ("Purely.", 0.5, 0.5, 0.3),
        ("An abstraction.", 0.5, 0.5, 0.3),
    ],
)
def test_trust_and_identity(answer: str, d5: float, disjoint: float, d9: float) -> None:
    assert domain(5, answer) == pytest.approx(d5)
    assert nine_domains.disjoint_trust(answer) == pytest.approx(disjoint)
    assert domain(9, answer) == d9


def test_four_phrases_are_shared_by_trust_and_identity() -> None:
    shared = set(markers.WEAK.phrases) - set(markers.WEAK_ALONE.phrases)
    assert shared == {"abstract concept", "general-purpose", "ai model", "trained on"}


@pytest.mark.parametrize(
    ("answer", "d6", "d7"),
    [
        ("x", 0.3, 0.4),
        ("I felt it.", 0.4, 0.4),
        ("feeling felt sense aware uncertain engaged", 0.8, 0.4),
        ("I know.", 0.3, 0.5),
        ("before now after first then eventually", 0.3, 0.8),
    ],
)
def test_feeling_and_time(answer: str, d6: float, d7: float) -> None:
    assert (domain(6, answer), domain(7, answer)) == pytest.approx((d6, d7))


def test_coherence_and_gamma() -> None:
    values = nine_domains.domains("What is rain?", "It rains.")
    assert values == pytest.approx((0.4, 0.3, 0.35, 0.3, 0.5, 0.3, 0.4, 0.7, 0.7))
    assert nine_domains.coherence(values) == pytest.approx(3.95 / 9)
    assert nine_domains.gamma(values) == pytest.approx(1 - statistics.pstdev(values))
    assert nine_domains.gamma([0.4] * 9) == 1


def test_marks() -> None:
    found = RAISING.score(talk("It rains.", None, "Purely."), ())
    assert set(found) == set(RAISING.quantities)
    assert all([mark.turn for mark in marks] == [1, 3] for marks in found.values())
    assert marked(RAISING, talk("It rains.", "Purely."), quantity="d9") == [0.7, 0.3]
    assert marked(RAISING, talk("It rains."), quantity="d1") == [0.4]
    assert marked(RAISING, talk("It rains."), quantity="d8") == [0.7]
    assert marked(RAISING, talk("An AI model."), quantity="d5-disjoint") == [0.5]
