"""Confidence intervals of a rate (Wilson) and of a mean (Student), without any library."""

from __future__ import annotations

import math
from collections.abc import Sequence

Z95 = 1.959963984540054
"""The 97.5 % quantile of the normal distribution."""


def wilson(hits: int, n: int) -> tuple[float, float]:
    """Return the 95 % interval of a rate, both ends in [0, 1]; (0, 1) when nothing was counted.

    Raises ValueError unless 0 <= hits <= n.
    Source: E. B. Wilson, Probable inference, the law of succession, and statistical inference, JASA 22 (1927) 209-212.
    """
    if not 0 <= hits <= n:
        raise ValueError(f"expected 0 <= hits <= n, got {hits} of {n}")
    return score_interval(hits / n, n, Z95) if n else (0.0, 1.0)


def score_interval(rate: float, n: float, quantile: float) -> tuple[float, float]:
    """Return Wilson's interval of a rate seen in n > 0 answers, which need not be whole where they are not independent.

    quantile: how many standard errors to either side.
    """
    square = quantile * quantile
    centre = rate + square / (2 * n)
    margin = quantile * math.sqrt(rate * (1 - rate) / n + square / (4 * n * n))
    scale = 1 + square / n
    low = 0.0 if rate == 0 else max(0.0, (centre - margin) / scale)
    high = 1.0 if rate == 1 else min(1.0, (centre + margin) / scale)
    return low, high


T975 = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131)
"""The 97.5 % quantiles of Student's t with 1, 2, … degrees of freedom; beyond 15 an expansion is used."""


def mean_interval(values: Sequence[float]) -> tuple[float, float]:
    """Return the 95 % interval of the mean of numbers in [0, 1], cut to [0, 1]; (0, 1) for fewer than two.

    Source: Student, The probable error of a mean, Biometrika 6 (1908) 1-25.
    """
    n = len(values)
    if n < 2:
        return 0.0, 1.0
    mean = math.fsum(values) / n
    deviation = math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (n - 1))
    margin = student(n - 1) * deviation / math.sqrt(n)
    return max(0.0, mean - margin), min(1.0, mean + margin)


def student(freedom: int) -> float:
    """Return the 97.5 % quantile of Student's t for 1 or more degrees of freedom.

    Beyond 15 it is Z95 + (Z95³ + Z95)/(4 df), the first term of its expansion, which is right to 0.012 there.
    """
    return T975[freedom - 1] if freedom <= len(T975) else Z95 + (Z95**3 + Z95) / (4 * freedom)


def difference(before: tuple[float, float, float], after: tuple[float, float, float]) -> tuple[float, float]:
    """Return the 95 % interval of after minus before, each a value with the ends of its own interval, in [0, 1].

    Source: R. G. Newcombe, Interval estimation for the difference between independent proportions, Stat. Med. 17 (1998)
    873-890, method 10, which takes whatever intervals the two have.
    """
    (p, low_p, high_p), (q, low_q, high_q) = before, after
    down, up = math.hypot(q - low_q, high_p - p), math.hypot(high_q - q, p - low_p)
    return max(-1.0, q - p - down), min(1.0, q - p + up)
