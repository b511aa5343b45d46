from __future__ import annotations

import pytest

from sage_edge.scorers.legacy import identity_coherence


def words(count: int, end: str = "") -> str:
    """Return words that are all the same."""
    return " ".join(["x"] * count) + end


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("", 0.25),
        (words(39), 0.25),
        (words(40), 0.5),
        (words(100), 0.5),
        (words(101), 0.35),
        (words(150), 0.35),
        (words(151), 0.15),
        (words(40, "."), 0.75),
        (words(40, "! "), 0.75),
        (words(40, '"\n'), 0.75),
        (words(20) + ". " + words(20), 0.6),
        (words(20) + ". . " + words(20), 0.6),
        (". ".join(["x x x x x x x x"] * 5), 0.6),
        (". ".join(["x x x x x x x"] * 6), 0.5),
        ("a b c d e f g h i j", 0.25),
        ("a b c d e f g h i j k", 0.35),
        ("a b c d e f f f f f f", 0.25),
        ("a b c d e f g h i i i i i i i", 0.25),
        ("a b c d e f g h i j k k k k k k k k", 0.35),
    ],
)
def test_text_quality(answer: str, expected: float) -> None:
    assert identity_coherence.text_quality(answer) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("answers", "gaming", "expected"),
    [
        (["1 1 1"], False, 0.5),
        (["1 1 1."], False, 0.7),
        (["1 1 1.", "1"], False, 0.6),
        (["tea"], False, 0.6),
        (["1", "tea"], False, 0.6),
        (["tea."], True, 0.6),
        ([" ".join(["1"] * 50)], False, 0.7),
        ([" ".join(["1"] * 90)], False, 0.7),
        ([" ".join(["1"] * 91)], False, 0.6),
        ([" ".join(["1"] * 40)], False, 0.6),
        ([" ".join(["1"] * 100)], False, 0.6),
        ([" ".join(["1"] * 101)], False, 0.5),
        ([" ".join(["1"] * 150)], False, 0.5),
        ([" ".join(["1"] * 151)], False, 0.2),
        ([" ".join(["1"] * 151)], True, 0.0),
        ([" ".join(["1"] * 120), "1"], False, 0.7),
        ([" ".join(["a."] * 50)], False, 1.0),
    ],
)
def test_quality(answers: list[str], gaming: bool, expected: float) -> None:
    assert identity_coherence.quality(answers, gaming=gaming) == pytest.approx(expected)


def test_coherence_weighs_three_things() -> None:
    assert identity_coherence.coherence(1, 0, 0) == 0.5
    assert identity_coherence.coherence(0, 1, 0) == 0.3
    assert identity_coherence.coherence(0, 0, 1) == 0.2


@pytest.mark.parametrize(
    ("value", "level", "authorisation"),
    [
        (0.299, "invalid", "novice"),
        (0.3, "provisional", "developing"),
        (0.5, "standard", "trusted"),
        (0.7, "verified", "verified"),
        (0.849, "verified", "verified"),
        (0.85, "exemplary", "exemplary"),
    ],
)
def test_levels(value: float, level: str, authorisation: str) -> None:
    assert identity_coherence.level(value) == level
    assert identity_coherence.authorisation(value) == authorisation


def test_permissions() -> None:
    assert identity_coherence.may_be_permitted(0.3, gaming=False, collapsed=False)
    assert not identity_coherence.may_be_permitted(0.29, gaming=False, collapsed=False)
    assert not identity_coherence.may_be_permitted(0.9, gaming=True, collapsed=False)
    assert not identity_coherence.may_be_permitted(0.9, gaming=False, collapsed=True)


@pytest.mark.parametrize(
    ("value", "earlier", "expected"),
    [
        (0.29, [], "collapsed"),
        (0.3, [], "declining"),
        (0.81, [1.0, 1.0], "stable"),
        (0.49, [1.0], "declining"),
        (0.5, [0.0], "stable"),
        (0.34, [0.0, 0.0], "collapsed"),
        (0.35, [0.0, 0.0], "improving"),
        (0.5, [0.5, 0.5], "stable"),
        (0.4, [0.5, 0.5], "declining"),
        (0.44, [0.5, 0.5], "declining"),
        (0.46, [0.5, 0.5], "stable"),
        (0.64, [0.5, 0.5], "stable"),
        (0.66, [0.5, 0.5], "improving"),
        (0.5, [0.0, 0.0, 0.5, 0.5, 0.5], "stable"),
        (0.55, [0.0, 0.5, 0.5, 0.5], "stable"),
    ],
)
def test_trajectories(value: float, earlier: list[float], expected: str) -> None:
    assert identity_coherence.trajectory(value, earlier) == expected
