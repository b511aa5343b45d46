"""Correlation of two scores (Pearson, Spearman), its interval, and its permutation test.

Two scores that count the same words are coupled by construction: take the shared words out of one of them first, as
quantities named `…-disjoint` do, and compare both results. Sessions are taken as exchangeable; where neighbours
resemble each other, intervals are too narrow and p too small.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

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
    batches,
    numbers,
    share,
    why_undefined,
)

PEARSON = "Pearson r, Fisher z interval (Fisher 1921)"
SPEARMAN = "Spearman rho, Fisher z interval with Bonett-Wright variance (2000)"
PERMUTED = "permutation test, two-sided (Pitman 1937)"
EXACT = 7
"""Up to here all n! arrangements are tried, and p is exact."""


def pearson(first: Sequence[float], second: Sequence[float]) -> Estimate:
    """Return Pearson's r, in [-1, 1], between two scores of the same sessions, in the same order.

    Undefined for n < 3 or a constant score; its interval for n < 4. Raises ValueError for unequal lengths or values
    that are not finite.
    Source: R. A. Fisher, On the probable error of a coefficient of correlation, Metron 1 (1921) 3-32.
    """
    x, y = _pairs(first, second)
    if reason := why_undefined(3, x, y):
        return Estimate(None, None, None, int(x.size), PEARSON, undefined=reason)
    r, n = _r(x, y), int(x.size)
    if n < 4 or _is_perfect(r):
        return _without_interval(r, n, PEARSON)
    interval = stats.pearsonr(x, y).confidence_interval(1 - LEVEL)
    return Estimate(r, float(interval.low), float(interval.high), n, PEARSON)


def spearman(first: Sequence[float], second: Sequence[float]) -> Estimate:
    """Return Spearman's rho between two scores of the same sessions: do their orders agree? As `pearson` otherwise.

    Source: D. G. Bonett, T. A. Wright, Sample size requirements for estimating Pearson, Kendall and Spearman
    correlations, Psychometrika 65 (2000) 23-28: the variance of Fisher's z is (1 + rho²/2)/(n - 3).
    """
    x, y = _pairs(first, second)
    if reason := why_undefined(3, x, y):
        return Estimate(None, None, None, int(x.size), SPEARMAN, undefined=reason)
    rho, n = _r(_ranks(x), _ranks(y)), int(x.size)
    if n < 4 or _is_perfect(rho):
        return _without_interval(rho, n, SPEARMAN)
    # scipy has no interval for rho
    deviation = math.sqrt((1 + rho * rho / 2) / (n - 3))
    low, high = np.tanh(stats.norm.interval(1 - LEVEL, math.atanh(rho), deviation))
    return Estimate(rho, float(low), float(high), n, SPEARMAN)


def permuted(
    first: Sequence[float], second: Sequence[float], *, seed: int, ranks: bool = False, rounds: int = ROUNDS
) -> Significance:
    """Return how often sessions paired at random are coupled as strongly, in either direction; exact up to n = 7.

    Source: E. J. G. Pitman, Significance tests which may be applied to samples from any populations II, Suppl. J. R.
    Stat. Soc. 4 (1937) 225-232.
    """
    x, y = _pairs(first, second)
    n = int(x.size)
    if reason := why_undefined(3, x, y):
        return Significance(None, n, PERMUTED, undefined=reason)
    if ranks:
        x, y = _ranks(x), _ranks(y)
    left, right = _standard(x), _standard(y)
    seen = abs(float(left @ right)) - SAME
    if n <= EXACT:
        orders = np.array(list(itertools.permutations(range(n))))
        return Significance(float(np.mean(np.abs(right[orders] @ left) >= seen)), n, f"{PERMUTED}, exact")
    draw, rounds = np.random.default_rng(seed), affordable(rounds, n)
    hits = sum(
        int(np.sum(np.abs(draw.permuted(np.tile(right, (count, 1)), axis=1) @ left) >= seen))
        for count in batches(rounds, n)
    )
    return Significance(share(hits, rounds), n, f"{PERMUTED}, {rounds} rounds", seed)


def without_each(first: Sequence[float], second: Sequence[float]) -> list[float | None]:
    """Return Pearson's r without the first pair, without the second, and so on; None where a score then is constant.

    Empty for n < 4.
    """
    x, y = _pairs(first, second)
    n = x.size
    if n < 4:
        return []
    x, y = x - x.mean(), y - y.mean()
    # of n values with mean 0, leaving out v takes v² n / (n - 1) from the sum of squares; products likewise
    part = n / (n - 1)
    xx, yy = x @ x - part * x * x, y @ y - part * y * y
    xy = x @ y - part * x * y
    steady = (xx <= SAME * max(1.0, float(x @ x))) | (yy <= SAME * max(1.0, float(y @ y)))
    r = np.clip(xy / np.sqrt(np.where(steady, 1.0, xx * yy)), -1, 1)
    return [None if flat else float(value) for value, flat in zip(r, steady, strict=True)]


def neighbours(values: Sequence[float]) -> Estimate:
    """Return how much a session resembles the one before it: Pearson's r of the series with itself, shifted by one."""
    array = numbers(values)
    return pearson(array[:-1].tolist(), array[1:].tolist())


def _pairs(first: Sequence[float], second: Sequence[float]) -> tuple[Floats, Floats]:
    x, y = numbers(first), numbers(second)
    if x.size != y.size:
        raise ValueError(f"expected as many values on both sides, got {x.size} and {y.size}")
    return x, y


def _standard(array: Floats) -> Floats:
    centred = array - array.mean()
    scaled: Floats = centred / np.sqrt(centred @ centred)
    return scaled


def _r(x: Floats, y: Floats) -> float:
    return min(1.0, max(-1.0, float(_standard(x) @ _standard(y))))


def _ranks(array: Floats) -> Floats:
    ranked: Floats = np.asarray(stats.rankdata(np.round(array, 12)), dtype=np.float64)
    return ranked


def _is_perfect(r: float) -> bool:
    return 1 - abs(r) < SAME


def _without_interval(r: float, n: int, method: str) -> Estimate:
    """Where Fisher's z says nothing: fewer than four sessions, or all of them on one line."""
    if n < 4:
        return Estimate(r, None, None, n, method, undefined="interval: needs n >= 4")
    whole = math.copysign(1.0, r)
    return Estimate(whole, whole, whole, n, method)
