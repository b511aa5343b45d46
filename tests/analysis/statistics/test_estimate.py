from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sage_edge.analysis.statistics.estimate import (
    NO_VARIATION,
    Estimate,
    Significance,
    affordable,
    batches,
    numbers,
    share,
    varies,
    why_undefined,
)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_no_number_is_ever_infinite_or_nan(bad: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        Estimate(bad, 0.0, 1.0, 3, "mean")
    with pytest.raises(ValueError, match="finite"):
        Significance(bad, 3, "test")
    with pytest.raises(ValueError, match="finite"):
        numbers([0.5, bad])


def test_a_number_that_does_not_exist_has_a_reason() -> None:
    with pytest.raises(ValueError, match="reason"):
        Estimate(None, None, None, 3, "mean")
    with pytest.raises(ValueError, match="reason"):
        Estimate(0.5, None, 0.7, 3, "mean")
    with pytest.raises(ValueError, match="reason"):
        Significance(None, 3, "test")
    assert Estimate(None, None, None, 3, "r", undefined=NO_VARIATION).value is None


def test_the_same_score_computed_in_another_order_does_not_vary() -> None:
    assert not varies(numbers([0.1 + 0.2, 0.3, 0.15 * 2]))
    assert varies(numbers([0.3, 0.3 + 1e-9]))
    assert not varies(numbers([0.3]))


@pytest.mark.parametrize(
    ("values", "reason"),
    [([], "needs n >= 3"), ([1.0, 2.0], "needs n >= 3"), ([0.5] * 4, NO_VARIATION), ([0, 1, 0], "")],
)
def test_why_nothing_can_be_said(values: list[float], reason: str) -> None:
    assert why_undefined(3, numbers(values)) == reason


def test_only_a_row_is_taken() -> None:
    with pytest.raises(ValueError, match="a row"):
        numbers([[0.5]])  # type: ignore[list-item]


@given(st.integers(1, 20_000), st.integers(0, 3_000_000))
def test_batches_add_up_and_fit(rounds: int, n: int) -> None:
    found = batches(rounds, n)
    assert sum(found) == rounds
    assert min(found) > 0
    assert max(found) * max(n, 1) <= max(1_000_000, n)


def test_long_series_get_fewer_rounds() -> None:
    assert [affordable(9_999, n) for n in (1, 400, 1_000, 10_000_000)] == [9_999, 9_999, 4_000, 999]
    assert affordable(199, 10_000) == 199


def test_a_random_test_is_never_certain() -> None:
    assert share(0, 999) == 0.001
    assert share(999, 999) == 1.0
