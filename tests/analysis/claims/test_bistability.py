from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sage_edge.records.claim import ClaimFinding
from tests.analysis.claims.shelf import Scores, Shelf, judge


def states(scores: Scores, **more: Any) -> ClaimFinding:
    level = {"label": "all", "of": "edge/1 d9"}
    asked = {"test": "states", "replay": level, "correct": level, "threshold": 6, "apart": 0.2, "share": 0.4}
    return judge(Shelf(edge__d9=scores), **asked | more)


def sessions(n: int, lower: float, upper: float, deviation: float, share: float = 0.5) -> Scores:
    """Return n sessions of three answers, in one of two states."""
    draw = np.random.default_rng(n)
    level = np.where(np.arange(n) < share * n, lower, upper) + deviation * draw.standard_normal(n)
    answers = np.clip(level[:, None] + 0.01 * draw.standard_normal((n, 3)), 0, 1)
    return {number: row.tolist() for number, row in enumerate(answers, start=1)}


def test_two_states_are_supported_where_both_tests_see_them() -> None:
    found = states(sessions(60, 0.3, 0.6, 0.02))
    assert found.verdict == "supported"
    assert (found.corrected.value or 0) > 50
    assert any("deviations apart, 50% of the sessions" in note for note in found.corrected.notes)
    assert any("of the variance lies between sessions" in note for note in found.corrected.notes)


def test_two_states_that_lie_too_close_to_matter_are_not_supported() -> None:
    near = sessions(60, 0.3, 0.4, 0.01)
    found = states(near)
    assert found.verdict == "not supported"
    assert "both see two states, 0.0" in found.because
    assert "less than 0.2 does not matter" in found.because
    assert states(near, apart=0.05).verdict == "supported"


def test_states_whose_distance_may_matter_or_not_cannot_be_told() -> None:
    found = states(sessions(60, 0.3, 0.5, 0.02), apart=0.2)
    assert found.verdict == "cannot tell"
    assert "only 0.2 or more matters" in found.because


def test_one_state_is_told_from_two_once_there_are_enough_sessions() -> None:
    found = states(sessions(60, 0.5, 0.5, 0.03))
    assert found.verdict == "not supported"
    assert "the scores spread less than two such states would" in found.because
    assert found.corrected.low is None
    assert found.corrected.told.endswith("(no interval), n = 60 sessions")


def test_few_sessions_cannot_tell_and_say_how_many_would() -> None:
    found = states(sessions(9, 0.5, 0.5, 0.09))
    assert found.verdict == "cannot tell"
    assert found.needs is not None
    assert 9 < found.needs < 100
    assert states(sessions(4 * found.needs, 0.5, 0.5, 0.09)).verdict == "not supported"


def test_an_odd_session_is_no_state_of_its_own() -> None:
    found = states(dict(sessions(40, 0.6, 0.6, 0.01)) | {20: [0.2] * 3})
    assert (found.corrected.value or 0) > 6
    assert found.verdict != "supported"


def test_when_the_tests_disagree_nobody_can_tell() -> None:
    found = states(sessions(40, 0.4, 0.6, 0.035, share=0.2))
    assert (found.corrected.value or 0) > 6
    assert (found.p_adjusted or 0) > 0.05
    assert found.because == "the mixture sees two states, the dip test does not"
    assert found.verdict == "cannot tell"


def test_answers_on_a_grid_are_not_taken_for_states() -> None:
    draw = np.random.default_rng(3)
    scores = {number: (draw.random(4) < 0.5).astype(float).tolist() for number in range(1, 61)}
    level = {"label": "all", "of": "identity/1 rate"}
    found = judge(
        Shelf(identity__rate=scores), test="states", replay=level, correct=level, threshold=6, apart=0.5, share=0.4
    )
    assert found.verdict != "supported"
    assert found.corrected.p is not None
    assert found.corrected.p > 0.05


@pytest.mark.parametrize(
    ("scores", "told"),
    [
        ({1: [0.5]}, "cannot tell: needs 4 sessions more (n >= 5)"),
        ({number: [0.5] for number in range(1, 9)}, "cannot tell: no variation"),
    ],
)
def test_too_little_or_constant_is_said(scores: Scores, told: str) -> None:
    assert states(scores).told == told
