"""The one rule: beyond what matters, within what does not, or across both; and the n that would settle it."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sage_edge.analysis.statistics import effect_verdict
from sage_edge.scorers.interval import wilson


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (0.2, 0.4, "supported"),
        (0.1, 0.4, "supported"),
        (0.05, 0.4, "cannot tell"),  # significant, and perhaps too small to matter
        (0.01, 0.09, "not supported"),  # significant, and too small to matter
        (-0.4, -0.2, "not supported"),  # on the other side
        (-0.3, 0.3, "cannot tell"),  # not significant, and perhaps large
        (-0.05, 0.05, "not supported"),
    ],
)
def test_an_interval_is_held_against_the_smallest_effect_that_matters(low: float, high: float, verdict: str) -> None:
    assert effect_verdict.against(low, high, 0.1, "at-least") == verdict
    assert effect_verdict.against(-high, -low, -0.1, "at-most") == verdict


def test_an_interval_that_is_none_is_refused() -> None:
    for low, high in ((0.4, 0.2), (math.nan, 1.0)):
        with pytest.raises(ValueError, match="expected an interval"):
            effect_verdict.rule(low, high, 0.1)


@pytest.mark.parametrize(("hits", "n"), [(2, 7), (4, 7), (10, 30), (1, 5)])
def test_the_n_that_would_settle_it_does(hits: int, n: int) -> None:
    low, high = wilson(hits, n)
    assert effect_verdict.against(low, high, 0.3, "at-least") == "cannot tell"
    settled = effect_verdict.settled_at(hits / n, low, high, 0.3, n)
    assert settled is not None
    later = wilson(round(hits / n * settled), settled)
    assert effect_verdict.against(*later, 0.3, "at-least") != "cannot tell"


@given(st.floats(0, 1), st.floats(0, 0.5), st.floats(-1, 1), st.integers(0, 100))
def test_an_n_is_never_one_that_is_there_already(value: float, half: float, bar: float, n: int) -> None:
    settled = effect_verdict.settled_at(value, value - half, value + half, bar, n)
    assert settled is None or settled > n
