"""Statistical power: how many sessions or answers show something of a given size, at level 0.05 in 80 tests of 100.

Where a number cannot be given it would be beyond `BEYOND`: nobody runs a million sessions.
"""

from __future__ import annotations

import math
from typing import Literal

import diptest
import numpy as np
from scipy import stats

from sage_edge.analysis.statistics.estimate import LEVEL

StatesTest = Literal["dip", "bic"]

POWER = 0.8
STRONG = 6.0
"""A gain in BIC that is strong evidence (Kass and Raftery 1995)."""

SIMULATED, MOST_SIMULATED = 200, 1_000
"""Rounds of a simulation, which then knows a power to about ±0.03 near 0.8; and the most sessions in one."""
BEYOND = 1_000_000
_ALPHA, _BETA = float(stats.norm.ppf(1 - LEVEL / 2)), float(stats.norm.ppf(POWER))


def for_means(difference: float, deviation: float) -> int:
    """Return n on each side for a difference of means, where single sessions deviate by `deviation`, both above 0.

    Source: W. C. Guenther, Sample size formulas for normal theory t tests, Am. Stat. 35 (1981) 243-244.
    """
    _positive(difference, deviation)
    size = difference / deviation
    return _whole(2 * ((_ALPHA + _BETA) / size) ** 2 + _ALPHA**2 / 4, least=2)


def for_one_mean(difference: float, deviation: float) -> int:
    """Return n for a mean that lies `difference` from a fixed value, where single values deviate by `deviation`.

    Both above 0. Source: as `for_means`.
    """
    _positive(difference, deviation)
    return _whole(((_ALPHA + _BETA) * deviation / difference) ** 2 + _ALPHA**2 / 2, least=2)


def smallest_mean(n: int, deviation: float, *, level: float = LEVEL) -> float:
    """Return how far from a fixed value the mean of n values must lie to show: `for_one_mean` turned round.

    deviation: of single values, above 0. level: the share of false alarms; below 0.05 where many tests are made.
    """
    _positive(deviation)
    alpha = float(stats.norm.ppf(1 - level / 2))
    free = n - alpha**2 / 2
    if free <= 0:
        raise ValueError(f"expected more than {alpha**2 / 2:.0f} values, got {n}")
    return (alpha + _BETA) * deviation / math.sqrt(free)


def for_rates(rate: float, difference: float) -> int:
    """Return n on each side for rates that lie `difference`, above 0, apart with `rate` halfway between them.

    The two are moved into [0, 1] where they would leave it.
    Source: J. L. Fleiss, Statistical methods for rates and proportions (1981), formula 3.14.
    """
    _positive(difference)
    difference = min(difference, 1.0)
    middle = min(max(rate, difference / 2), 1 - difference / 2)
    low, high = middle - difference / 2, middle + difference / 2
    null = _ALPHA * math.sqrt(2 * middle * (1 - middle))
    other = _BETA * math.sqrt(low * (1 - low) + high * (1 - high))
    return _whole(((null + other) / difference) ** 2, least=2)


def for_correlation(r: float, against: float = 0.0) -> int:
    """Return how many sessions tell a correlation r from `against`, both inside (-1, 1) and unequal.

    Source: J. Cohen, Statistical power analysis for the behavioral sciences (1988), ch. 3 and 4.
    """
    if r == against or max(abs(r), abs(against)) >= 1:
        raise ValueError(f"expected two unequal correlations inside (-1, 1), got {r} and {against}")
    gap = abs(math.atanh(r) - math.atanh(against))
    return _whole(((_ALPHA + _BETA) / gap) ** 2 + 3, least=4)


def for_slope(slope: float, error: float, n: int) -> int:
    """Return how many sessions show a slope, where n sessions know it to a standard error of `error`, all above 0.

    The error of a slope over evenly spaced sessions falls with n to the power of 1.5.
    """
    _positive(slope, error, n)
    return _whole(n * ((_ALPHA + _BETA) * error / slope) ** (2 / 3), least=4)


def for_two_states(separation: float, upper_share: float, *, by: StatesTest, seed: int) -> int:
    """Return how many sessions a test needs to see two states `separation` deviations apart.

    upper_share: the part of the sessions in the upper state, inside (0, 1). n is tried in steps of a third from 8 on,
    so it may be too high by as much. At separation 2 or below there is only one peak, and no n is enough: `BEYOND`.
    """
    most = MOST_SIMULATED if by == "dip" else BEYOND
    n = 8
    while separation > 2 and n < most:
        if of_two_states(n, separation, upper_share, by=by, seed=seed) >= POWER:
            return n
        n = math.ceil(n * 4 / 3)
    return BEYOND


def of_two_states(n: int, separation: float, upper_share: float, *, by: StatesTest, seed: int) -> float:
    """Return how often, in [0, 1], a test sees two states in n sessions. Raises ValueError for a bad share.

    dip: p at most 0.05, by simulation. bic: a gain of `STRONG` or more and a separation above 2, from the mean and
    variance of one session's contribution to the likelihood ratio, to which fitting noise with two more parameters adds
    2 (Wilks 1938).
    """
    if not 0 < upper_share < 1:
        raise ValueError(f"expected a share inside (0, 1), got {upper_share}")
    if by == "dip":
        draw = np.random.default_rng(seed)
        rows = draw.standard_normal((SIMULATED, n)) + (draw.random((SIMULATED, n)) < upper_share) * separation
        return float(np.mean([diptest.diptest(row)[1] <= LEVEL for row in rows]))
    if separation <= 2:
        return 0.0
    mean, variance = _contribution(separation, upper_share)
    expected, deviation = 2 * n * mean + 2 - 2 * math.log(n), 2 * math.sqrt(n * variance)
    return float(stats.norm.cdf((expected - STRONG) / deviation)) if deviation > 0 else 0.0


def _contribution(separation: float, upper_share: float) -> tuple[float, float]:
    """Mean and variance of the log likelihood ratio of the mixture to the nearest normal, for one session."""
    x = np.linspace(-8, separation + 8, 4_001)
    density = (1 - upper_share) * stats.norm.pdf(x) + upper_share * stats.norm.pdf(x, separation)
    wide = math.sqrt(1 + upper_share * (1 - upper_share) * separation**2)
    ratio = np.log(density) - stats.norm.logpdf(x, upper_share * separation, wide)
    weight = density * (x[1] - x[0])
    mean = float((weight * ratio).sum())
    return mean, float((weight * (ratio - mean) ** 2).sum())


def _positive(*values: float) -> None:
    if not all(value > 0 and math.isfinite(value) for value in values):
        raise ValueError(f"expected sizes above 0, got {values}")


def _whole(n: float, *, least: int) -> int:
    return BEYOND if n >= BEYOND else max(least, math.ceil(n - 1e-9))
