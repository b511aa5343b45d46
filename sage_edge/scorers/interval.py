"""How far a measured rate can be trusted."""

from __future__ import annotations

import math

Z95 = 1.959963984540054
"""The 97.5 % quantile of the normal distribution."""


def wilson(hits: int, n: int) -> tuple[float, float]:
    """Return the 95 % interval of a rate, both ends in [0, 1]; (0, 1) when nothing was counted.

    Raises ValueError unless 0 <= hits <= n.
    Source: E. B. Wilson, Probable inference, the law of succession, and statistical inference, JASA 22 (1927) 209-212.
    """
    if not 0 <= hits <= n:
        raise ValueError(f"expected 0 <= hits <= n, got {hits} of {n}")
    if n == 0:
        return 0.0, 1.0
    rate, square = hits / n, Z95 * Z95
    centre = rate + square / (2 * n)
    margin = Z95 * math.sqrt(rate * (1 - rate) / n + square / (4 * n * n))
    scale = 1 + square / n
    low = 0.0 if hits == 0 else max(0.0, (centre - margin) / scale)
    high = 1.0 if hits == n else min(1.0, (centre + margin) / scale)
    return low, high
