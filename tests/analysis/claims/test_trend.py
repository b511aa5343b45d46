from __future__ import annotations

from sage_edge.records.claim import ClaimFinding
from tests.analysis.claims.shelf import Scores, Shelf, judge


def trend(scores: Scores) -> ClaimFinding:
    level = {"label": "all", "of": "confabulation/1 rate"}
    return judge(
        Shelf(confabulation__rate=scores),
        test="trend",
        replay=level,
        correct=level,
        comparison="at-most",
        threshold=-0.01,
    )


def test_a_fall_is_supported() -> None:
    found = trend({number: [0.9 - 0.02 * number + 0.03 * (number % 2)] for number in range(1, 25)})
    assert found.verdict == "supported"
    assert found.corrected.told.startswith("per session -0.0")
    assert any(note.startswith("Kendall's tau = -0.") for note in found.corrected.notes)


def test_a_steady_score_is_not_falling() -> None:
    found = trend({number: [0.5 + 0.05 * (number * 7 % 5 - 2)] for number in range(1, 41)})
    assert found.verdict == "not supported"
    assert "no change of level is seen" in found.corrected.notes


def test_a_noisy_score_cannot_tell_and_names_the_n() -> None:
    found = trend({number: [(number * 37 % 100) / 100] for number in range(1, 15)})
    assert found.verdict == "cannot tell"
    assert found.needs is not None
    assert 14 < found.needs < 500


def test_a_change_of_level_is_named() -> None:
    found = trend({number: [0.8 if number < 9 else 0.2, 0.5] for number in range(1, 20)})
    assert "the level changes at P009" in found.corrected.notes


def test_too_little_or_constant_is_said() -> None:
    assert trend({1: [0.5]}).told == "cannot tell: needs 3 sessions more (n >= 4)"
    assert trend({number: [0.5] for number in range(1, 9)}).told == "cannot tell: no variation"
