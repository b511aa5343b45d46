"""Scores for property tests: rows of numbers in [0, 1] as scorers make them, often equal, sometimes all the same."""

from __future__ import annotations

from hypothesis import strategies as st

from sage_edge.analysis.statistics.estimate import Estimate, Significance

SEED = 7
ROUNDS = 199
"""Few, so that hundreds of examples stay fast; nothing tested here depends on how many."""

TENTHS = st.integers(0, 10).map(lambda tenth: tenth / 10)
SCORES = st.one_of(TENTHS, st.floats(0, 1, allow_nan=False, width=32))


def rows(least: int = 0, most: int = 20) -> st.SearchStrategy[list[float]]:
    """Return rows of scores."""
    return st.lists(SCORES, min_size=least, max_size=most)


def pairs(least: int = 0, most: int = 20) -> st.SearchStrategy[list[tuple[float, float]]]:
    """Return rows of two scores each."""
    return st.lists(st.tuples(SCORES, SCORES), min_size=least, max_size=most)


def is_sound(estimate: Estimate) -> bool:
    """True if an estimate has all its numbers in order, or a reason for each that it lacks."""
    if estimate.value is None or estimate.low is None or estimate.high is None:
        return bool(estimate.undefined)
    return estimate.low <= estimate.value <= estimate.high


def is_chance(chance: Significance) -> bool:
    """True if a p-value lies in (0, 1], or there is a reason why there is none."""
    return bool(chance.undefined) if chance.p is None else 0 <= chance.p <= 1
