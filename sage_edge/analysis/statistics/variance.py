"""Variance components: how much of a score's variance lies between sessions, and how much within one (ICC)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from sage_edge.analysis.statistics.estimate import LEVEL, SAME, Estimate, Significance, around, numbers, varies

SHARE = "ICC(1), one-way components of variance, F interval (Shrout and Fleiss 1979; Searle 1971)"
TEST = "one-way analysis of variance, F test (Fisher 1925)"


@dataclass(frozen=True)
class Components:
    """within, between: variances (squared score units), or None. between is 0 where sessions differ less than chance.

    share: between / (between + within), how alike two answers of one session are; may be negative, as its formula is.
    """

    within: float | None
    between: float | None
    share: Estimate
    chance: Significance
    sessions: int
    answers: int


def components(groups: Sequence[Sequence[float]]) -> Components:
    """Return the variance within and between groups, here the answers of each session.

    Undefined with fewer than two groups, with no group of two, or where no answer differs from another of its session.
    The interval takes the groups as of equal size n0 and is approximate for others.
    Sources: P. E. Shrout, J. L. Fleiss, Intraclass correlations, Psychol. Bull. 86 (1979) 420-428; S. R. Searle, Linear
    models (1971), ch. 10, for unequal sizes.
    """
    arrays = [array for group in groups if (array := numbers(group)).size]
    k, n = len(arrays), sum(array.size for array in arrays)
    if k < 2 or n <= k:
        return _nothing(k, n, "needs n >= 2 sessions" if k < 2 else "needs n >= 2 answers in a session")
    if not any(map(varies, arrays)):
        return _nothing(k, n, "no variation within sessions")
    sizes = np.array([array.size for array in arrays], dtype=np.float64)
    means = np.array([array.mean() for array in arrays])
    grand = float((sizes * means).sum() / n)
    apart = float((sizes * (means - grand) ** 2).sum()) / (k - 1)
    inside = sum(float(((array - array.mean()) ** 2).sum()) for array in arrays) / (n - k)
    typical = (n - float((sizes**2).sum()) / n) / (k - 1)
    ratio = apart / inside
    return Components(
        within=inside,
        between=max(0.0, (apart - inside) / typical),
        share=_share(ratio, typical, k, n),
        chance=Significance(float(stats.f.sf(ratio, k - 1, n - k)), n, TEST),
        sessions=k,
        answers=n,
    )


def upper_limit(variance: float, n: int) -> float:
    """Return the variance that n values with this one rarely exceed: its one-sided 95 % limit (chi-squared), n >= 2."""
    return variance * (n - 1) / float(stats.chi2.ppf(LEVEL, n - 1))


def _share(ratio: float, typical: float, k: int, n: int) -> Estimate:
    def of(f: float) -> float:
        return (f - 1) / (f - 1 + typical)

    value = of(ratio)
    low = of(ratio / float(stats.f.ppf(1 - LEVEL / 2, k - 1, n - k)))
    high = of(ratio * float(stats.f.ppf(1 - LEVEL / 2, n - k, k - 1)))
    if not all(map(math.isfinite, (value, low, high))) or high < low - SAME:
        return Estimate(None, None, None, n, SHARE, undefined="no variation within sessions")
    return Estimate(value, *around(value, low, high), n, SHARE)


def _nothing(sessions: int, answers: int, reason: str) -> Components:
    return Components(
        None,
        None,
        Estimate(None, None, None, answers, SHARE, undefined=reason),
        Significance(None, answers, TEST, undefined=reason),
        sessions,
        answers,
    )
