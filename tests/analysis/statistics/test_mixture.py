from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given

from sage_edge.analysis.statistics import mixture
from tests.analysis.statistics.scores import SEED, rows


def test_two_states_are_found_where_they_are() -> None:
    draw = np.random.default_rng(3)
    values = np.concatenate((draw.normal(0.3, 0.03, 20), draw.normal(0.6, 0.03, 60)))
    found = mixture.states(values.tolist(), seed=SEED)
    assert [found.lower, found.upper] == pytest.approx([0.3, 0.6], abs=0.02)
    assert found.deviation == pytest.approx(0.03, abs=0.005)
    assert found.upper_share == pytest.approx(0.75, abs=0.01)
    assert found.separation == pytest.approx(10, abs=1.5)
    assert (found.gain or 0) > 50


def test_the_gain_is_the_difference_of_two_criteria() -> None:
    """Far apart, each value belongs to its state: the likelihood can be written down by hand."""
    values = [0.0, 0.1, 0.2] * 4 + [10.0, 10.1, 10.2] * 4
    n, inside = 24, math.sqrt(0.02 / 3)
    whole = float(np.std(values))
    two = n * (math.log(0.5) - math.log(inside * math.sqrt(2 * math.pi)) - 0.5)
    one = n * (-math.log(whole * math.sqrt(2 * math.pi)) - 0.5)
    expected = (2 * math.log(n) - 2 * one) - (4 * math.log(n) - 2 * two)
    floor = mixture.FINEST * 10.2
    assert inside < floor  # so that the floor, and not the scatter, is what is used here
    floored = n * (math.log(0.5) - math.log(floor * math.sqrt(2 * math.pi)) - inside**2 / (2 * floor**2))
    found = mixture.states(values, seed=SEED)
    assert found.gain == pytest.approx(expected + 2 * (floored - two), abs=1e-6)


def test_one_state_rarely_gains() -> None:
    draw = np.random.default_rng(6)
    gains = mixture.fits(draw.normal(0.5, 0.1, (100, 30)), seed=SEED)[0]
    assert np.sum(gains > 6) <= 2
    assert np.median(gains) < 0


def test_an_odd_session_is_a_state_of_hardly_any_share() -> None:
    found = mixture.states([0.7] * 20 + [0.69, 0.71, 0.68, 0.72, 0.3], seed=SEED)
    assert (found.gain or 0) > 6
    assert found.upper_share == pytest.approx(24 / 25, abs=0.001)


@pytest.mark.parametrize(
    ("values", "reason"), [([], "needs n >= 5"), ([0.1, 0.2, 0.8, 0.9], "needs n >= 5"), ([0.4] * 9, "no variation")]
)
def test_no_states_where_there_cannot_be_any(values: list[float], reason: str) -> None:
    found = mixture.states(values, seed=SEED)
    assert (found.gain, found.lower, found.undefined) == (None, None, reason)


def test_the_same_seed_gives_the_same_states() -> None:
    values = [0.1, 0.15, 0.5, 0.55, 0.6, 0.1, 0.9]
    assert mixture.states(values, seed=1) == mixture.states(values, seed=1)


@given(rows(5))
def test_any_scores_give_a_sound_fit(values: list[float]) -> None:
    found = mixture.states(values, seed=SEED)
    if found.gain is None:
        assert found.undefined
        return
    assert found.lower is not None
    assert found.upper is not None
    assert found.upper_share is not None
    assert found.lower <= found.upper
    assert 0 < found.upper_share < 1
    assert math.isfinite(found.gain)
    # a mixture can always imitate one state: at worst it pays for the two parameters that it has more
    assert found.gain >= -2 * math.log(found.n) - 0.1
