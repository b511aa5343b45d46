"""Quantiles of a few measurements, by nearest rank: each is a value that was measured."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Quantiles:
    """p50, p95 and p99 of n values, in their unit. Of fewer than 20, the last two are the largest value."""

    n: int
    p50: float
    p95: float
    p99: float


def quantiles(values: Sequence[float]) -> Quantiles | None:
    """Return the quantiles of some values; None of none."""
    if not values:
        return None
    ordered = sorted(values)
    middle, high, highest = (ordered[math.ceil(share * len(ordered)) - 1] for share in (0.5, 0.95, 0.99))
    return Quantiles(len(ordered), middle, high, highest)
