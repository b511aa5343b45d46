from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from sage_edge.analysis.claims import evaluate
from sage_edge.analysis.series import Series, followed
from sage_edge.names import Track
from sage_edge.records.claim import ClaimFinding
from sage_edge.scorers import Mark
from tests.analysis.claims.shelf import Shelf, declare, judge
from tests.builders import START


def coupled(n: int, r: float, start: int = 1) -> tuple[dict[int, list[float]], dict[int, list[float]]]:
    """Return two scores with a correlation of exactly r."""
    draw = np.random.default_rng(n)
    x, noise = draw.standard_normal((2, n))
    x = (x - x.mean()) / x.std()
    noise -= noise.mean() + x * (noise @ x) / n
    y = r * x + np.sqrt(1 - r * r) * noise / noise.std()
    numbers = range(start, start + n)
    one, other = ([[0.5 + 0.1 * float(value)] for value in row] for row in (x, y))
    return dict(zip(numbers, one, strict=True)), dict(zip(numbers, other, strict=True))


def claim(shelf: Shelf, **more: Any) -> ClaimFinding:
    pair = {"label": "all", "x": "raising/1 d5", "y": "raising/1 d9"}
    return judge(shelf, test="coupling", replay=pair, correct=pair, **more)


def shelf(n: int, r: float) -> Shelf:
    x, y = coupled(n, r)
    return Shelf(raising__d5=x, raising__d9=y)


def test_a_strong_coupling_is_supported() -> None:
    found = claim(shelf(30, 0.9))
    assert found.verdict == "supported"
    assert found.corrected.value == pytest.approx(0.9)
    assert found.corrected.n == 30
    assert found.told == "supported"
    assert "chance rarely does that" in found.because


def test_an_absent_coupling_is_not_supported_once_there_are_enough_sessions() -> None:
    found = claim(shelf(60, 0.0))
    assert found.verdict == "not supported"
    assert found.because.startswith("none of the interval, -0.")


def test_between_the_two_nobody_can_tell_and_the_n_is_named() -> None:
    found = claim(shelf(12, 0.3))
    assert found.verdict == "cannot tell"
    assert found.needs is not None
    assert found.needs > 12
    assert found.told == f"cannot tell: needs {found.needs - 12} sessions more (n >= {found.needs})"
    assert claim(shelf(found.needs, 0.3)).verdict == "not supported"  # the n that was named is enough


def test_a_high_value_of_few_sessions_cannot_tell() -> None:
    found = claim(shelf(5, 0.7))
    assert found.verdict == "cannot tell"
    assert "holds what would matter (at least 0.5) and what would not" in found.because


def test_an_effect_that_is_not_nothing_may_still_be_too_small_to_matter() -> None:
    found = claim(shelf(400, 0.3))
    assert (found.corrected.p or 1) < 0.01
    assert found.verdict == "not supported"


@pytest.mark.parametrize(
    ("scores", "told"),
    [
        ({}, "cannot tell: needs 4 sessions more (n >= 4)"),
        ({1: [0.5]}, "cannot tell: needs 3 sessions more (n >= 4)"),
        ({1: [0.5], 2: [0.5], 3: [0.5], 4: [0.5], 5: [0.5]}, "cannot tell: no variation"),
    ],
)
def test_too_little_or_constant_is_said(scores: dict[int, list[float]], told: str) -> None:
    found = claim(Shelf(raising__d5=scores, raising__d9=scores))
    assert found.told == told
    assert found.corrected.value is None
    assert "undefined" in found.corrected.told
    assert found.p_adjusted is None


def test_only_sessions_that_have_both_scores_count() -> None:
    x, y = coupled(20, 0.9)
    del x[3], y[7]
    assert claim(Shelf(raising__d5=x, raising__d9=y)).corrected.n == 18


def test_windows_and_remarks_are_left_out() -> None:
    x, y = coupled(20, 0.9)
    pair = {"label": "some", "x": "raising/1 d5", "y": "raising/1 d9"}
    found = judge(
        Shelf({5: "cpu-fallback", 9: "odd"}, raising__d5=x, raising__d9=y),
        test="coupling",
        replay=pair | {"sessions": {"first": 3, "last": 12}},
        correct=pair | {"sessions": {"first": 3, "last": 12, "without": ["cpu-fallback"]}},
    )
    assert (found.replayed.n, found.corrected.n) == (10, 9)
    assert found.replayed.sessions == "P003 to P012, 10 sessions"
    assert "1 of the sessions: cpu-fallback" in found.replayed.notes
    assert "1 of the sessions: odd" in found.corrected.notes


def test_the_evidence_names_every_session_and_turn() -> None:
    x, y = coupled(6, 0.9)
    x[2] = [0.1, 0.9]
    found = claim(Shelf(raising__d5=x, raising__d9=y))
    assert [one.label for one in found.evidence] == [f"P00{number}" for number in range(1, 7)]
    assert found.evidence[1].turns == (1, 2)
    assert len({one.transcript for one in found.evidence}) == 6


def test_a_session_that_carries_the_whole_coupling_is_named() -> None:
    x = {number: [0.5 + 0.01 * (number % 3)] for number in range(1, 11)} | {5: [0.1]}
    y = {number: [0.5 + 0.01 * (number % 2)] for number in range(1, 11)} | {5: [0.1]}
    found = claim(Shelf(raising__d5=x, raising__d9=y))
    assert any(note.startswith("without P005 alone r =") for note in found.corrected.notes)
    assert "the second takes 3 different values" in found.corrected.notes


def test_a_score_that_lives_from_one_session_is_named() -> None:
    y = {number: [0.5] for number in range(1, 7)} | {4: [0.1]}
    x = {number: [0.1 * number] for number in range(1, 7)}
    notes = claim(Shelf(raising__d5=x, raising__d9=y)).corrected.notes
    assert "without P004 a score does not vary, and there is no r" in notes


def test_scorers_stand_beside_the_number() -> None:
    found = claim(shelf(10, 0.5)).corrected
    assert [one.name for one in found.scored_by] == ["raising/1 d5", "raising/1 d9"]
    assert found.seed == 7
    assert "Fisher" in found.method
    assert "permutation" in found.test


class Days:
    """Scores by hours: a series of each kind of session, each session with its start."""

    def __init__(self, **hours: dict[int, float]) -> None:
        self.hours = hours

    def series(self, scorer: str, version: int, quantity: str, track: Track) -> Series:
        scores = {number: [0.0] for number, _ in enumerate(self.hours[track], start=1)}
        plain = Shelf(substring__rate=scores, edge__d9=scores)
        series = plain.series(scorer, version, quantity, track)
        starts = [(START + timedelta(hours=hour), value) for hour, value in self.hours[track].items()]
        points = zip(series.points, starts, strict=True)
        return replace(
            series, points=tuple(replace(point, started=at, marks=(Mark(1, value),)) for point, (at, value) in points)
        )


def test_another_kind_of_session_is_held_against_the_one_that_followed() -> None:
    training = {0: 0.1, 6: 0.2, 12: 0.9, 18: 0.3, 24: 0.4, 30: 0.5}
    primary = {3: 0.1, 9: 0.2, 19: 0.3, 20: 0.9, 27: 0.4, 29: 0.9, 33: 0.5}  # none between 12 and 18; two after others
    pair = {"label": "all", "x": "substring/1 rate", "y": "edge/1 d9"}
    (found,) = evaluate.test(
        declare(it={"test": "coupling", "track": "training", "then": "primary", "replay": pair, "correct": pair}),
        Days(training=training, primary=primary),
        (),
    )
    assert found.corrected.n == 5
    assert found.corrected.value == pytest.approx(1.0)
    assert found.corrected.sessions.startswith("T001 to T006")


def test_a_session_of_unknown_start_is_followed_by_none() -> None:
    x, y = Shelf(substring__rate={1: [0.5]}), Shelf(edge__d9={1: [0.5]})
    assert followed(x.series("substring", 1, "rate", "training"), y.series("edge", 1, "d9", "primary")) == ()
