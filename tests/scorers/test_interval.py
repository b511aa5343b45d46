from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy import stats

from sage_edge.scorers import mean_interval, wilson


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    [
        (0, 10, 0.0, 0.277533),
        (5, 10, 0.236593, 0.763407),
        (10, 10, 0.722467, 1.0),
        (0, 0, 0.0, 1.0),
        (1, 1, 0.206549, 1.0),
    ],
)
def test_known_values(hits: int, n: int, low: float, high: float) -> None:
    assert wilson(hits, n) == pytest.approx((low, high), abs=1e-6)


@given(st.integers(1, 5_000), st.data())
def test_a_rate_agrees_with_scipy(n: int, data: st.DataObject) -> None:
    hits = data.draw(st.integers(0, n))
    theirs = stats.binomtest(hits, n).proportion_ci(method="wilson")
    assert wilson(hits, n) == pytest.approx((theirs.low, theirs.high), abs=1e-12)


def test_nothing_and_everything_reach_the_ends_exactly() -> None:
    assert wilson(0, 7)[0] == 0.0
    assert wilson(7, 7)[1] == 1.0


@pytest.mark.parametrize(("hits", "n"), [(-1, 3), (4, 3), (1, 0)])
def test_impossible_counts_are_refused(hits: int, n: int) -> None:
    with pytest.raises(ValueError, match="hits"):
        wilson(hits, n)


@given(st.integers(1, 400), st.data())
def test_the_interval_holds_the_rate_and_grows_with_the_hits(n: int, data: st.DataObject) -> None:
    hits = data.draw(st.integers(0, n - 1))
    low, high = wilson(hits, n)
    assert 0 <= low <= hits / n <= high <= 1
    more_low, more_high = wilson(hits + 1, n)
    assert more_low > low
    assert more_high > high or high == 1.0


@given(st.integers(0, 50), st.integers(1, 50))
def test_more_evidence_means_a_narrower_interval(hits: int, n: int) -> None:
    hits = min(hits, n)
    narrow, wide = wilson(hits * 4, n * 4), wilson(hits, n)
    assert narrow[1] - narrow[0] < wide[1] - wide[0]


@pytest.mark.parametrize(
    ("values", "low", "high"),
    [
        ([], 0.0, 1.0),
        ([0.5], 0.0, 1.0),
        ([0.5, 0.5, 0.5], 0.5, 0.5),
        ([0.4, 0.5, 0.6], 0.251567, 0.748433),
        ([0.45, 0.55] * 10, 0.475992, 0.524008),  # 19 degrees of freedom: 2.093
        ([0.0, 1.0], 0.0, 1.0),
    ],
)
def test_known_means(values: list[float], low: float, high: float) -> None:
    assert mean_interval(values) == pytest.approx((low, high), abs=2e-4)


@given(st.lists(st.integers(0, 100), min_size=2, max_size=60, unique=True))
@example(list(range(17)))  # the worst number of values: the first one beyond the table
def test_a_mean_agrees_with_scipy(hundredths: list[int]) -> None:
    values = [hundredth / 100 for hundredth in hundredths]
    theirs = stats.ttest_1samp(values, 0).confidence_interval()
    width = theirs.high - theirs.low  # the quantile is right to 0.012 of its two sides, which are 4.24 at worst
    expected = max(0.0, theirs.low), min(1.0, theirs.high)
    assert mean_interval(values) == pytest.approx(expected, abs=0.003 * width)


@given(st.lists(st.floats(0, 1), min_size=2, max_size=40))
def test_the_interval_of_a_mean_holds_it(values: list[float]) -> None:
    low, high = mean_interval(values)
    assert 0 <= low <= sum(values) / len(values) + 1e-9
    assert sum(values) / len(values) - 1e-9 <= high <= 1
