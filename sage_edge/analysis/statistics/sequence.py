"""The mean of differences, looked at after each of them: one interval a look, and all of them hold at once.

Whoever looks after every block and stops where the interval pleases is fooled by 95 % intervals in up to every second
trial. Here all intervals of a trial together miss the truth in 5 % of trials at most, whatever the differences are, as
long as each lies in [-1, 1] and, given those before it, is the true one on average: no shape, no variance is assumed.

A value is left out once bets against it, at fair odds if it were true, have multiplied a stake by 1 / level:

    capital up (m), after t differences     1/2 · product of 1 + s · (x - m)     bets that the mean is above m
    capital down (m)                        1/2 · product of 1 - s · (x - m)     bets that it is below
    s at the t-th                           min(sqrt(2 · log(2 / level) / (v · t · log(1 + t))), 1/2 / what may be lost)

x and m are the differences brought into [0, 1]; v is the variance of those before the t-th, with 1/4 as if seen once.
Source: I. Waudby-Smith, A. Ramdas, Estimating means of bounded random variables by betting, J. R. Stat. Soc. B 86
(2024) 1-27, theorem 3 with c = 1/2; Ville's inequality makes it hold at every look.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sage_edge.analysis.statistics.estimate import LEVEL, Floats, numbers

_STEPS = 2_000
"""Steps from -1 to 1 between the values that are bet against; an interval is widened by one of them at either end."""

_BOLDEST = 0.5
"""The share of the capital that one bet may lose at most (c in the source)."""


@dataclass(frozen=True)
class SequenceLook:
    """What is known after n differences: the mean lies in [low, high]. n counts from 1."""

    n: int
    low: float
    high: float


def looks(differences: Sequence[float], level: float = LEVEL) -> tuple[SequenceLook, ...]:
    """Return the interval after each difference; a later one is never wider. Raises ValueError outside [-1, 1].

    level: the share of trials whose intervals may miss the truth; of several questions at once, each gets a part.
    """
    row = _bounded(numbers(differences))
    means = np.linspace(-1, 1, _STEPS + 1)
    up, down = capital(row[:, None], means, level)
    held = np.maximum(up, down) < 1 / level
    low, high = -1.0, 1.0
    known = []
    for n, inside in enumerate(held, start=1):
        if inside.any():  # where every value is left out, the interval of the look before stands
            kept = means[inside]
            step = 2 / _STEPS
            nearer = max(low, float(kept[0]) - step), min(high, float(kept[-1]) + step)
            low, high = nearer if nearer[0] <= nearer[1] else (low, high)
        known.append(SequenceLook(n, low, high))
    return tuple(known)


def capital(differences: Floats, mean: Floats | float, level: float = LEVEL) -> tuple[Floats, Floats]:
    """Return what the bets up and down have made of a stake of one, after each difference.

    differences: one after the other along the first axis, one trial or one value of `mean` a column; what numpy
    broadcasts, goes. mean: the value that is bet against, in [-1, 1]. At 1 / level or above, it is left out.
    """
    x, m = (_bounded(differences) + 1) / 2, (np.asarray(mean, dtype=np.float64) + 1) / 2
    stakes = _stakes(x, level)
    with np.errstate(divide="ignore"):
        up = 1 + np.minimum(stakes, _BOLDEST / m) * (x - m)
        down = 1 - np.minimum(stakes, _BOLDEST / (1 - m)) * (x - m)
    return np.cumprod(up, axis=0) / 2, np.cumprod(down, axis=0) / 2


def _stakes(x: Floats, level: float) -> Floats:
    """How much is bet on each, by those before it alone."""
    t = np.arange(1, len(x) + 1, dtype=np.float64).reshape(-1, *[1] * (x.ndim - 1))
    centre = (0.5 + np.cumsum(x, axis=0)) / (t + 1)
    variance = (0.25 + np.cumsum((x - centre) ** 2, axis=0)) / (t + 1)
    before = np.concatenate([np.full_like(variance[:1], 0.25), variance[:-1]])
    stakes: Floats = np.sqrt(2 * np.log(2 / level) / (before * t * np.log1p(t)))
    return stakes


def _bounded(differences: Floats) -> Floats:
    if differences.size and float(np.abs(differences).max()) > 1:
        raise ValueError("expected differences in [-1, 1]")
    return differences
