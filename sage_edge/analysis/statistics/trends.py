"""Trend of a score over the sessions: Theil-Sen and least-squares slopes, Mann-Kendall test."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

from sage_edge.analysis.statistics.estimate import (
    LEVEL,
    ROUNDS,
    SAME,
    Estimate,
    Floats,
    Significance,
    affordable,
    around,
    batches,
    numbers,
    why_undefined,
)

THEIL_SEN = "slope per session, Theil-Sen (Sen 1968)"
LEAST_SQUARES = "slope per session, least squares, percentile bootstrap over sessions (Efron 1979)"
TEST = "Mann-Kendall test, two-sided (Mann 1945, Kendall 1975)"
LEAST = 4
ALL_PAIRS, PAIRS = 1_500, 1_000_000
KEPT_DRAWS = 1_000_000
"""Numbers of a bootstrap that are kept for the next score over the same sessions."""


@dataclass(frozen=True)
class Trend:
    """What a score does per session.

    slope: the median change between two sessions, which a few odd ones cannot move; 0 with no width where most sessions
    are equal. mean_slope: the change of the mean, which rare events can move. tau: Kendall's tau-b, in [-1, 1].
    """

    slope: Estimate
    mean_slope: Estimate
    tau: float | None
    chance: Significance


def trend(numbered: Sequence[int], values: Sequence[float], *, seed: int, rounds: int = ROUNDS) -> Trend:
    """Return the trend of values over session numbers.

    Undefined for n < 4 or a constant score; where there are no ties and n is small, p is exact.
    Raises ValueError for unequal lengths or values that are not finite.
    Sources: P. K. Sen, Estimates of the regression coefficient based on Kendall's tau, JASA 63 (1968) 1379-1389;
    H. B. Mann, Nonparametric tests against trend, Econometrica 13 (1945) 245-259.
    """
    if len(numbered) != len(values):
        raise ValueError(f"expected a number for each value, got {len(numbered)} and {len(values)}")
    x, y = numbers([float(number) for number in numbered]), numbers(values).round(12)
    n = int(y.size)
    if reason := why_undefined(LEAST, x, y):
        return Trend(
            Estimate(None, None, None, n, THEIL_SEN, undefined=reason),
            Estimate(None, None, None, n, LEAST_SQUARES, undefined=reason),
            None,
            Significance(None, n, TEST, undefined=reason),
        )
    rank = stats.kendalltau(x, y)
    return Trend(
        _theil_sen(x, y, seed),
        _least_squares(x, y, seed, rounds),
        float(rank.statistic),
        Significance(float(rank.pvalue), n, TEST),
    )


def _theil_sen(x: Floats, y: Floats, seed: int) -> Estimate:
    """From all pairs of sessions, or where these are millions from a million of them, drawn at random."""
    n = int(x.size)
    if n <= ALL_PAIRS:
        line = stats.theilslopes(y, x, 1 - LEVEL)
        slope = float(line.slope)
        return Estimate(slope, *around(slope, float(line.low_slope), float(line.high_slope)), n, THEIL_SEN)
    first, other = np.random.default_rng(seed).integers(0, n, (2, PAIRS))
    apart = x[first] != x[other]
    drawn = (y[first] - y[other])[apart] / (x[first] - x[other])[apart]
    width = float(stats.norm.ppf(1 - LEVEL / 2)) * math.sqrt(n * (n - 1) * (2 * n + 5) / 18) / (n * (n - 1))
    low, slope, high = (float(at) for at in np.quantile(drawn, (max(0.0, 0.5 - width), 0.5, min(1.0, 0.5 + width))))
    return Estimate(slope, low, high, n, THEIL_SEN, seed)


def _least_squares(x: Floats, y: Floats, seed: int, rounds: int) -> Estimate:
    n, rounds = int(x.size), affordable(rounds, int(x.size))
    slope = float(_slopes(*_centred(x[None, :]), y[None, :])[0])
    draws = _kept_draws(tuple(x.tolist()), seed, rounds) if n * rounds <= KEPT_DRAWS else _draws(x, seed, rounds)
    drawn = np.concatenate([_slopes(draw.centred, draw.spread, y[draw.chosen]) for draw in draws])
    low, high = np.quantile(drawn[np.isfinite(drawn)], (LEVEL / 2, 1 - LEVEL / 2))
    return Estimate(slope, *around(slope, float(low), float(high)), n, LEAST_SQUARES, seed)


@dataclass(frozen=True)
class _Draws:
    """Some rounds of a bootstrap, a row each. chosen: places of sessions. centred, spread: of their numbers."""

    chosen: Any
    centred: Floats
    spread: Floats


def _draws(x: Floats, seed: int, rounds: int) -> Iterator[_Draws]:
    draw, n = np.random.default_rng(seed), int(x.size)
    for count in batches(rounds, n):
        chosen = draw.integers(0, n, (count, n))
        yield _Draws(chosen, *_centred(x[chosen]))


@functools.lru_cache(maxsize=2)
def _kept_draws(x: tuple[float, ...], seed: int, rounds: int) -> tuple[_Draws, ...]:
    """Return the draws over session numbers that all scores of one mind share: most of the time was spent on them."""
    return tuple(_draws(np.array(x), seed, rounds))


def _centred(x: Floats) -> tuple[Floats, Floats]:
    """Each row less its mean, and the sum of its squares."""
    centred: Floats = x - x.mean(axis=1, keepdims=True)
    return centred, (centred * centred).sum(axis=1)


def _slopes(centred: Floats, spread: Floats, y: Floats) -> Floats:
    """The slope of each row; NaN, inside only, where a draw holds one session again and again."""
    varied = spread > SAME
    slopes: Floats = np.where(varied, (centred * y).sum(axis=1) / np.where(varied, spread, 1.0), np.nan)
    return slopes
