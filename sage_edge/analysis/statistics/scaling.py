"""Scaling of a cost with a size: a ratio, an affine and a power law, and whether the points can choose between them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from sage_edge.analysis.statistics.estimate import (
    LEVEL,
    SAME,
    Estimate,
    Floats,
    Significance,
    numbers,
    varies,
    why_undefined,
)
from sage_edge.analysis.statistics.means import student
from sage_edge.analysis.statistics.power import BEYOND, POWER

AFFINE = "y = a + b x, least squares"
POWER_LAW = "y = a x^b, least squares in logarithms"
RATIO = "ratio of totals, jackknife over questions in logarithms (Quenouille 1956, Tukey 1958)"
EXPONENT = "exponent of a power law, Student interval of the slope in logarithms"
STUDENT = "Student's t test of a logarithm, two-sided (Student 1908)"
LEAST_TO_CHOOSE = 5
"""Two coefficients and a scatter are three unknowns; the corrected criterion AICc exists from n = 5 on
(Hurvich and Tsai 1989)."""


@dataclass(frozen=True)
class Fit:
    """a, b: the coefficients. r_squared: in the units fitted, so in logarithms for the power law; None if undefined."""

    form: str
    a: float | None
    b: float | None
    r_squared: float | None
    n: int
    undefined: str = ""

    def at(self, x: float) -> float | None:
        """Return what the form says for a size."""
        if self.a is None or self.b is None:
            return None
        return self.a + self.b * x if self.form == AFFINE else float(self.a * x**self.b)


def affine(x: Sequence[float], y: Sequence[float]) -> Fit:
    """Return y = a + b x; undefined for fewer than two different sizes. Raises ValueError for unequal lengths."""
    sizes, costs = _points(x, y)
    if reason := why_undefined(2, sizes):
        return Fit(AFFINE, None, None, None, int(sizes.size), reason)
    a, b, r_squared = _line(sizes, costs)
    return Fit(AFFINE, a, b, r_squared, int(sizes.size))


def power_law(x: Sequence[float], y: Sequence[float]) -> Fit:
    """Return y = a x^b, both above 0; otherwise as `affine`."""
    sizes, costs = _logarithms(x, y)
    if reason := why_undefined(2, sizes):
        return Fit(POWER_LAW, None, None, None, int(sizes.size), reason)
    a, b, r_squared = _line(sizes, costs)
    return Fit(POWER_LAW, math.exp(a), b, r_squared, int(sizes.size))


def exponent(x: Sequence[float], y: Sequence[float], against: float = 1.0) -> tuple[Estimate, Significance]:
    """Return the exponent of the power law with its interval, and how surely it is another than `against`.

    Undefined for n < 2; its interval for n < 3 or points that lie exactly on the law.
    """
    sizes, costs = _logarithms(x, y)
    n = int(sizes.size)
    if reason := why_undefined(2, sizes):
        return Estimate(None, None, None, n, EXPONENT, undefined=reason), Significance(
            None, n, STUDENT, undefined=reason
        )
    _, b, _ = _line(sizes, costs)
    error = slope_error(x, y)
    if error is None:
        reason = "needs n >= 3" if n < 3 else "no scatter"
        return (
            Estimate(b, None, None, n, EXPONENT, undefined=f"interval: {reason}"),
            Significance(None, n, STUDENT, undefined=reason),
        )
    p = 2 * float(stats.t.sf(abs(b - against) / error, n - 2))
    return student(b, error, n - 2, n, EXPONENT), Significance(p, n, STUDENT)


def slope_error(x: Sequence[float], y: Sequence[float]) -> float | None:
    """Return the standard error of the power law's exponent; None for n < 3 or without scatter."""
    sizes, costs = _logarithms(x, y)
    if sizes.size < 3 or not varies(sizes):
        return None
    a, b, _ = _line(sizes, costs)
    rest = float(((costs - a - b * sizes) ** 2).sum())
    if rest <= SAME**2:
        return None
    return math.sqrt(rest / (sizes.size - 2) / float(((sizes - sizes.mean()) ** 2).sum()))


def sizes_needed(gap: float, error: float, n: int) -> int:
    """Return how many sizes would show an exponent that lies `gap` from another one, in 80 series of 100.

    error: the standard error now, with n sizes; more sizes are taken to be spread alike and to scatter alike.
    """
    for many in range(LEAST_TO_CHOOSE, 200):
        reach = sum(float(stats.t.ppf(part, many - 2)) for part in (1 - LEVEL / 2, POWER))
        if reach * error * math.sqrt(n / many) <= gap:
            return many
    return BEYOND


def ratio(
    costs: Sequence[float],
    amounts: Sequence[float],
    base_costs: Sequence[float],
    base_amounts: Sequence[float],
    *,
    against: float,
) -> tuple[Estimate, Significance]:
    """Return how many times the cost per amount of one model is that of another, over the same questions in order.

    costs: such as seconds per answer. amounts: such as words per answer, or 1 each; all above 0. against: the ratio
    that the test compares with, such as that of the sizes. Undefined without questions; its interval for n < 2.
    """
    rows = [numbers(row) for row in (costs, amounts, base_costs, base_amounts)]
    n = int(rows[0].size)
    if len({row.size for row in rows}) != 1 or any((row <= 0).any() for row in rows):
        raise ValueError("expected as many costs and amounts for both models, all above 0")
    if n == 0:
        reason = "needs n >= 1"
        return Estimate(None, None, None, 0, RATIO, undefined=reason), Significance(None, 0, STUDENT, undefined=reason)
    whole = _log_ratio(rows)
    parts = (
        np.array([_log_ratio([np.delete(row, leave) for row in rows]) for leave in range(n)]) if n > 1 else np.zeros(1)
    )
    if n < 2 or not varies(parts):
        reason = "needs n >= 2" if n < 2 else "no variation"
        return (
            Estimate(math.exp(whole), None, None, n, RATIO, undefined=f"interval: {reason}"),
            Significance(None, n, STUDENT, undefined=reason),
        )
    error = math.sqrt((n - 1) / n * float(((parts - parts.mean()) ** 2).sum()))
    p = 2 * float(stats.t.sf(abs(whole - math.log(against)) / error, n - 1))
    low, high = np.exp(stats.t.interval(1 - LEVEL, n - 1, whole, error))
    return Estimate(math.exp(whole), float(low), float(high), n, RATIO), Significance(p, n, STUDENT)


def deviation(estimate: Estimate) -> float:
    """Return how much the logarithms of a ratio deviate from question to question.

    Raises ValueError for a ratio without interval.
    """
    if estimate.low is None or estimate.high is None:
        raise ValueError("a ratio without interval shows no deviation")
    margin = (math.log(estimate.high) - math.log(estimate.low)) / 2
    return margin / float(stats.t.ppf(1 - LEVEL / 2, estimate.n - 1)) * math.sqrt(estimate.n)


def _log_ratio(rows: Sequence[Floats]) -> float:
    cost, amount, base_cost, base_amount = (float(row.sum()) for row in rows)
    return math.log(cost * base_amount / (amount * base_cost))


def _points(x: Sequence[float], y: Sequence[float]) -> tuple[Floats, Floats]:
    sizes, costs = numbers(x), numbers(y)
    if sizes.size != costs.size:
        raise ValueError(f"expected a cost for each size, got {sizes.size} and {costs.size}")
    return sizes, costs


def _logarithms(x: Sequence[float], y: Sequence[float]) -> tuple[Floats, Floats]:
    sizes, costs = _points(x, y)
    if (sizes <= 0).any() or (costs <= 0).any():
        raise ValueError("a power law needs sizes and costs above 0")
    return np.log(sizes), np.log(costs)


def _line(x: Floats, y: Floats) -> tuple[float, float, float | None]:
    centred = x - x.mean()
    b = float(centred @ (y - y.mean()) / (centred @ centred))
    a = float(y.mean() - b * x.mean())
    total = float(((y - y.mean()) ** 2).sum())
    rest = float(((y - a - b * x) ** 2).sum())
    return a, b, 1 - rest / total if varies(y) else None
