from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sage_edge.analysis.statistics import mixture, power
from sage_edge.analysis.statistics.power import BEYOND


@pytest.mark.parametrize(("size", "n"), [(0.2, 394), (0.5, 64), (0.8, 26)])
def test_means_as_in_cohens_tables(size: float, n: int) -> None:
    # J. Cohen 1988, table 2.4.1: 393, 64 and 26 for a power of 0.80 at 0.05, two-sided
    assert power.for_means(size, 1.0) == pytest.approx(n, abs=1)
    assert power.for_means(3 * size, 3.0) == power.for_means(size, 1.0)


@pytest.mark.parametrize(("r", "n"), [(0.1, 783), (0.3, 85), (0.5, 29)])
def test_correlations_as_in_cohens_tables(r: float, n: int) -> None:
    # J. Cohen, A power primer, Psychol. Bull. 112 (1992) 155-159, table 2: 783, 85 and 28
    assert power.for_correlation(r) == pytest.approx(n, abs=1)
    assert power.for_correlation(-r) == power.for_correlation(r)


def test_rates_as_in_fleiss() -> None:
    assert power.for_rates(0.625, 0.25) == 58  # 0.50 against 0.75, without the correction for continuity
    assert power.for_rates(0.0, 0.25) == power.for_rates(0.125, 0.25)
    assert power.for_rates(0.5, 2.0) == power.for_rates(0.5, 1.0)


def test_one_mean() -> None:
    assert power.for_one_mean(0.5, 1.0) == 34  # G*Power: one-sample t test, d = 0.5: 34


def test_a_slope_is_known_better_with_every_session() -> None:
    assert power.for_slope(0.01, 0.01, 20) == pytest.approx(20 * 2.8016 ** (2 / 3), abs=1)
    assert power.for_slope(1.0, 0.01, 20) == 4


def test_states_far_apart_need_few_sessions_and_near_ones_many() -> None:
    far = power.for_two_states(6, 0.4, by="bic", seed=1)
    near = power.for_two_states(3.5, 0.4, by="bic", seed=1)
    assert 8 <= far < near < 200
    assert power.of_two_states(near, 3.5, 0.4, by="bic", seed=1) >= power.POWER
    assert power.for_two_states(6, 0.5, by="dip", seed=1) < 40


@pytest.mark.parametrize(("n", "separation", "share"), [(45, 4.2, 0.4), (40, 4.2, 0.25), (200, 3.0, 0.25)])
def test_the_power_of_the_mixture_is_what_mixtures_show(n: int, separation: float, share: float) -> None:
    draw = np.random.default_rng(1)
    rows = draw.standard_normal((200, n)) + (draw.random((200, n)) < share) * separation
    seen = float(np.mean(mixture.fits(rows, seed=1)[0] >= power.STRONG))
    assert power.of_two_states(n, separation, share, by="bic", seed=1) == pytest.approx(seen, abs=0.06)


def test_states_that_make_one_peak_are_never_seen() -> None:
    assert power.for_two_states(2.0, 0.5, by="bic", seed=1) == BEYOND
    assert power.of_two_states(40, 0.0, 0.5, by="dip", seed=1) <= 0.08
    assert power.of_two_states(40, 0.0, 0.5, by="bic", seed=1) <= 0.05


def test_impossible_questions_are_refused() -> None:
    for call in (
        lambda: power.for_means(0.0, 1.0),
        lambda: power.for_means(1.0, float("nan")),
        lambda: power.for_rates(0.5, -0.1),
        lambda: power.for_correlation(0.5, 0.5),
        lambda: power.for_correlation(1.0),
        lambda: power.of_two_states(20, 3, 1.0, by="dip", seed=1),
    ):
        with pytest.raises(ValueError, match="expected"):
            call()


@given(st.floats(1e-6, 10), st.floats(1e-6, 10), st.floats(0, 1))
def test_less_to_see_needs_more(one: float, other: float, rate: float) -> None:
    small, large = sorted((one, other))
    assert power.for_means(small, 1) >= power.for_means(large, 1) >= 2
    assert BEYOND >= power.for_rates(rate, small) >= 2


def test_the_smallest_mean_is_the_other_way_of_one_mean() -> None:
    assert power.smallest_mean(34, 1.0) == pytest.approx(0.5, abs=0.01)  # G*Power: one-sample t test, n = 34
    assert power.smallest_mean(34, 2.0) == pytest.approx(2 * power.smallest_mean(34, 1.0))
    assert power.smallest_mean(34, 1.0, level=0.05 / 20) > 1.3 * power.smallest_mean(34, 1.0)
    with pytest.raises(ValueError, match="more than 2 values"):
        power.smallest_mean(1, 1.0)


@given(st.integers(5, 500), st.floats(0.01, 1))
def test_so_many_sessions_show_the_smallest_mean(n: int, deviation: float) -> None:
    assert power.for_one_mean(power.smallest_mean(n, deviation), deviation) in (n, n + 1)
