from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from scipy import stats

from sage_edge.analysis.statistics.trends import trend
from tests.analysis.statistics.scores import ROUNDS, SEED, is_chance, is_sound, rows


def test_a_straight_line_is_found_exactly() -> None:
    found = trend(range(1, 6), [0.1, 0.2, 0.3, 0.4, 0.5], seed=SEED)
    assert found.slope.value == pytest.approx(0.1)
    assert found.mean_slope.value == pytest.approx(0.1)
    assert found.tau == pytest.approx(1)
    assert found.chance.p == pytest.approx(2 / 120)  # two of the 5! orders are as ordered


def test_an_odd_session_moves_the_mean_and_not_the_median() -> None:
    values = [0.1 + 0.01 * number for number in range(12)]
    values[11] = 1.0
    found = trend(range(12), values, seed=SEED)
    assert found.slope.value == pytest.approx(0.01, abs=0.002)
    assert (found.mean_slope.value or 0) > 0.03
    assert found.mean_slope.value == pytest.approx(stats.linregress(range(12), values).slope)


def test_rare_events_have_a_slope_of_the_mean_with_a_width() -> None:
    values = [0.0] * 10 + [0.0, 0.25, 0.0, 0.5, 0.0, 0.0, 0.25, 0.0, 0.5, 0.25]
    found = trend(range(20), values, seed=SEED)
    assert (found.slope.value, found.slope.low) == (0, 0)
    assert found.mean_slope.low is not None
    assert 0 < found.mean_slope.low < (found.mean_slope.value or 0)


def test_a_long_series_is_judged_by_drawn_pairs() -> None:
    draw = np.random.default_rng(1)
    values = (0.2 + 0.0001 * np.arange(1_600) + 0.05 * draw.standard_normal(1_600)).tolist()
    drawn = trend(range(1_600), values, seed=SEED, rounds=ROUNDS).slope
    whole = stats.theilslopes(values, range(1_600), 0.95)
    assert drawn.value == pytest.approx(whole.slope, abs=2e-6)
    assert [drawn.low, drawn.high] == pytest.approx([whole.low_slope, whole.high_slope], abs=2e-6)
    assert drawn.seed == SEED


@pytest.mark.parametrize(("values", "reason"), [([0.1], "needs n >= 4"), ([0.2] * 6, "no variation")])
def test_no_trend_where_there_cannot_be_one(values: list[float], reason: str) -> None:
    found = trend(range(len(values)), values, seed=SEED)
    assert (found.slope.undefined, found.mean_slope.undefined, found.chance.undefined) == (reason, reason, reason)
    assert found.tau is None


def test_every_value_needs_its_number() -> None:
    with pytest.raises(ValueError, match="a number for each"):
        trend([1], [0.1, 0.2], seed=SEED)


@given(rows())
def test_any_scores_give_a_sound_answer(values: list[float]) -> None:
    found = trend(range(len(values)), values, seed=SEED, rounds=ROUNDS)
    assert is_sound(found.slope)
    assert is_sound(found.mean_slope)
    assert is_chance(found.chance)
