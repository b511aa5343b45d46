"""What every statistic returns: a number with its interval and n, or the reason why there is none; never NaN.

    Estimate       a value, its 95 % interval, n, the method with its source, the seed if chance was used
    Significance   a p-value, with the same around it

`undefined` is empty, or says why a value or an interval does not exist: `no variation`, `needs n >= 4`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LEVEL = 0.05
"""The share of false alarms that everything here allows; intervals cover 1 - LEVEL."""

ROUNDS = 9_999
"""Random rounds of a bootstrap or a permutation test: p is then known to about ±0.004 near 0.05."""

NO_VARIATION = "no variation"
SAME = 1e-12
"""Two scores that differ by less are the same score, computed in another order."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Estimate:
    """A value with its 95 % interval. value, low, high: None where they do not exist, and `undefined` says why."""

    value: float | None
    low: float | None
    high: float | None
    n: int
    method: str
    seed: int | None = None
    undefined: str = ""

    def __post_init__(self) -> None:
        _finite(self.value, self.low, self.high)
        if not self.undefined and None in (self.value, self.low, self.high):
            raise ValueError("a number that does not exist needs a reason")

    def holds(self, value: float) -> bool:
        """True if the interval exists and holds `value`."""
        return self.low is not None and self.high is not None and self.low - SAME <= value <= self.high + SAME


@dataclass(frozen=True)
class Significance:
    """How often chance alone does as much as was seen: `p`, in [0, 1], or None with the reason in `undefined`."""

    p: float | None
    n: int
    method: str
    seed: int | None = None
    undefined: str = ""

    def __post_init__(self) -> None:
        _finite(self.p)
        if self.p is None and not self.undefined:
            raise ValueError("a p-value that does not exist needs a reason")


def _finite(*values: float | None) -> None:
    if not all(value is None or math.isfinite(value) for value in values):
        raise ValueError(f"expected finite numbers, got {values}")


def numbers(values: Sequence[float]) -> Floats:
    """Return the values as an array. Raises ValueError if one is not finite."""
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1:
        raise ValueError(f"expected a row of numbers, got {array.ndim} dimensions")
    if not np.isfinite(array).all():
        raise ValueError("expected finite numbers")
    return array


def varies(array: Floats) -> bool:
    """True if the values are not all the same."""
    return array.size > 1 and float(np.ptp(array)) > SAME * max(1.0, float(np.abs(array).max()))


def why_undefined(least: int, *arrays: Floats) -> str:
    """Return why nothing can be said about these values: fewer than `least`, or all the same; empty if it can."""
    if any(array.size < least for array in arrays):
        return f"needs n >= {least}"
    return "" if all(map(varies, arrays)) else NO_VARIATION


def around(value: float, low: float, high: float) -> tuple[float, float]:
    """Return the interval, widened where a skewed resampling leaves the value itself outside."""
    return min(low, value), max(high, value)


def share(as_extreme: int, rounds: int) -> float:
    """Return the p-value of a random test; never 0, since the data themselves are one of the arrangements.

    Source: B. Phipson, G. K. Smyth, Permutation p-values should never be zero, Stat. Appl. Genet. Mol. Biol. 9 (2010)
    39.
    """
    return (as_extreme + 1) / (rounds + 1)


CELLS = 4_000_000
"""Numbers drawn in one test at most: a long series gets fewer rounds, since its p is known well enough from them."""

FEWEST = 999


def affordable(rounds: int, n: int) -> int:
    """Return how many of the rounds a series of n gets: all of them up to n = 400, never fewer than 999."""
    return min(rounds, max(FEWEST, CELLS // max(n, 1)))


def batches(rounds: int, n: int, cells: int = 1_000_000) -> list[int]:
    """Return how many rounds to hold in memory at once, adding up to `rounds`, at most `cells` numbers each time."""
    each = max(1, min(rounds, cells // max(n, 1)))
    full, rest = divmod(rounds, each)
    return [each] * full + ([rest] if rest else [])
