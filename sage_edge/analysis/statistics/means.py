"""A mean or a rate with its 95 % confidence interval (Wilson, bootstrap, Student)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import stats

from sage_edge.analysis.statistics.estimate import LEVEL, ROUNDS, Estimate, around, numbers, varies

WILSON = "rate, Wilson interval (Wilson 1927)"
BOOTSTRAP = "mean, BCa bootstrap (Efron 1987)"
STUDENT = "mean, Student interval (Student 1908)"
MANY = 2_000
"""From here on the bootstrap and Student's interval agree to three places, and the bootstrap costs n squared."""


def rate(hits: int, n: int) -> Estimate:
    """Return `hits` of `n` with Wilson's interval; without a value for n = 0.

    Raises ValueError unless 0 <= hits <= n.
    """
    if not 0 <= hits <= n:
        raise ValueError(f"expected 0 <= hits <= n, got {hits} of {n}")
    if n == 0:
        return Estimate(None, None, None, 0, WILSON, undefined="needs n >= 1")
    interval = stats.binomtest(hits, n).proportion_ci(1 - LEVEL, method="wilson")
    return Estimate(hits / n, float(interval.low), float(interval.high), n, WILSON)


def mean(values: Sequence[float], *, seed: int, rounds: int = ROUNDS) -> Estimate:
    """Return the mean with a bootstrap interval; the interval does not exist for n = 1 or constant values.

    Above 2,000 values Student's interval is given instead. Raises ValueError for values that are not finite.
    Source: B. Efron, Better bootstrap confidence intervals, JASA 82 (1987) 171-185.
    """
    array = numbers(values)
    n = int(array.size)
    if n == 0:
        return Estimate(None, None, None, 0, BOOTSTRAP, undefined="needs n >= 1")
    centre = float(array.mean())
    if not varies(array):
        reason = "needs n >= 2" if n == 1 else "no variation"
        return Estimate(centre, None, None, n, BOOTSTRAP, undefined=f"interval: {reason}")
    if n > MANY:
        interval = stats.ttest_1samp(array, 0).confidence_interval(1 - LEVEL)
        return Estimate(centre, float(interval.low), float(interval.high), n, STUDENT)
    drawn = stats.bootstrap(
        (array,),
        np.mean,
        n_resamples=rounds,
        batch=max(1, 1_000_000 // n),
        confidence_level=1 - LEVEL,
        method="BCa",
        rng=np.random.default_rng(seed),
    ).confidence_interval
    low, high = around(centre, float(drawn.low), float(drawn.high))
    return Estimate(centre, low, high, n, BOOTSTRAP, seed)


def student(value: float, error: float, freedom: float, n: int, method: str) -> Estimate:
    """Return a value with Student's interval. error: its standard error; freedom: degrees of freedom of that."""
    low, high = stats.t.interval(1 - LEVEL, freedom, value, error)
    return Estimate(value, float(low), float(high), n, method)
