from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from sage_edge.analysis.statistics import coupling
from tests.analysis.statistics.scores import ROUNDS, SEED, TENTHS, is_chance, is_sound, pairs

# F. J. Anscombe, Graphs in statistical analysis, Am. Stat. 27 (1973) 17-21, first set: r = 0.816
X = [10.0, 8, 13, 9, 11, 14, 6, 4, 12, 7, 5]
Y = [8.04, 6.95, 7.58, 8.81, 8.33, 9.96, 7.24, 4.26, 10.84, 4.82, 5.68]


def test_pearson_on_a_published_set() -> None:
    found = coupling.pearson(X, Y)
    whole = stats.pearsonr(X, Y)
    interval = whole.confidence_interval()
    assert found.value == pytest.approx(0.816, abs=5e-4)
    assert found.value == pytest.approx(whole.statistic)
    assert [found.low, found.high] == pytest.approx([interval.low, interval.high])
    assert found.n == 11


def test_spearman_agrees_with_scipy_ties_included() -> None:
    tied = [round(y) for y in Y]
    found = coupling.spearman(X, tied)
    assert found.value == pytest.approx(stats.spearmanr(X, tied).statistic)
    # Bonett and Wright: wider than Pearson's interval for the same coefficient
    plain = math.tanh(math.atanh(found.value or 0) - 1.96 / math.sqrt(8))
    assert found.low is not None
    assert found.low < plain


def test_few_pairs_are_permuted_exhaustively() -> None:
    one, other = [0.1, 0.4, 0.2, 0.9, 0.5], [0.2, 0.3, 0.1, 0.8, 0.9]
    found = coupling.permuted(one, other, seed=SEED)
    theirs = stats.permutation_test(
        (one,),
        lambda x: abs(stats.pearsonr(x, other).statistic),
        permutation_type="pairings",
        alternative="greater",
        n_resamples=np.inf,
    )
    assert found.p == pytest.approx(theirs.pvalue)
    assert "exact" in found.method
    assert found.seed is None


def test_many_pairs_are_permuted_at_random() -> None:
    found = coupling.permuted(X, Y, seed=SEED)
    assert found.p == pytest.approx(stats.pearsonr(X, Y).pvalue, abs=0.003)
    assert found.seed == SEED
    assert coupling.permuted(X, Y, seed=SEED) == found


def test_a_coupling_that_is_not_there_is_rarely_seen() -> None:
    draw = np.random.default_rng(11)
    ps = [coupling.permuted(*draw.random((2, 12)).tolist(), seed=SEED, rounds=ROUNDS).p or 0 for _ in range(200)]
    assert 0.01 <= np.mean(np.array(ps) <= 0.05) <= 0.10


@pytest.mark.parametrize(
    ("one", "other", "reason"),
    [
        ([], [], "needs n >= 3"),
        ([0.5], [0.5], "needs n >= 3"),
        ([0.1, 0.2], [0.1, 0.2], "needs n >= 3"),
        ([0.3] * 5, [0.1, 0.2, 0.3, 0.4, 0.5], "no variation"),
        ([0.1, 0.2, 0.3, 0.4, 0.5], [0.1 + 0.2, 0.3, 0.3, 0.3, 0.3], "no variation"),
    ],
)
def test_where_there_is_no_correlation_it_is_said(one: list[float], other: list[float], reason: str) -> None:
    for found in (coupling.pearson(one, other), coupling.spearman(one, other)):
        assert (found.value, found.low, found.high, found.undefined) == (None, None, None, reason)
    chance = coupling.permuted(one, other, seed=1)
    assert (chance.p, chance.undefined) == (None, reason)


def test_three_pairs_have_no_interval() -> None:
    found = coupling.pearson([0.1, 0.2, 0.4], [0.1, 0.3, 0.2])
    assert found.value is not None
    assert (found.low, found.undefined) == (None, "interval: needs n >= 4")


@pytest.mark.parametrize("sign", [1, -1])
def test_a_perfect_coupling(sign: int) -> None:
    found = coupling.pearson([1.0, 2, 3, 4], [sign * x for x in (1.0, 2, 3, 4)])
    assert (found.value, found.low, found.high) == (sign, sign, sign)


def test_unequal_lengths_and_nan_are_refused() -> None:
    with pytest.raises(ValueError, match="as many"):
        coupling.pearson([0.1], [0.1, 0.2])
    with pytest.raises(ValueError, match="finite"):
        coupling.spearman([0.1, 0.2, math.nan], [0.1, 0.2, 0.3])


@given(pairs())
def test_leaving_out_each_is_what_leaving_out_does(rows: list[tuple[float, float]]) -> None:
    one, other = [a for a, _ in rows], [b for _, b in rows]
    each = coupling.without_each(one, other)
    assert len(each) == (len(rows) if len(rows) > 3 else 0)
    for at, found in enumerate(each):
        slow = coupling.pearson(one[:at] + one[at + 1 :], other[:at] + other[at + 1 :])
        spread = min(np.std(one[:at] + one[at + 1 :]), np.std(other[:at] + other[at + 1 :]))
        if spread > 1e-4:
            assert found == pytest.approx(slow.value, abs=1e-6)
        elif spread == 0:
            assert found is None


def test_neighbours() -> None:
    assert coupling.neighbours([0.1, 0.2, 0.3, 0.4, 0.5, 0.6]).value == pytest.approx(1)
    assert coupling.neighbours([0.1, 0.9] * 4).value == pytest.approx(-1)


@given(pairs())
def test_any_scores_give_a_sound_answer(rows: list[tuple[float, float]]) -> None:
    one, other = [a for a, _ in rows], [b for _, b in rows]
    for found in (coupling.pearson(one, other), coupling.spearman(one, other)):
        assert is_sound(found)
        assert found.value is None or -1 <= found.value <= 1
    assert is_chance(coupling.permuted(one, other, seed=SEED, rounds=ROUNDS))


@given(
    st.lists(st.tuples(TENTHS, TENTHS), min_size=3, max_size=12), st.permutations(range(12)), st.sampled_from([0.5, 3])
)
def test_neither_order_nor_unit_matters(rows: list[tuple[float, float]], order: list[int], unit: float) -> None:
    one, other = [a for a, _ in rows], [b for _, b in rows]
    moved = [rows[at] for at in order if at < len(rows)]
    again = coupling.pearson([unit * a + 1 for a, _ in moved], [b for _, b in moved])
    swapped = coupling.pearson(other, one)
    found = coupling.pearson(one, other)
    assert found.undefined == again.undefined == swapped.undefined
    if found.value is not None:
        assert found.value == pytest.approx(again.value, abs=1e-9)
        assert found.value == pytest.approx(swapped.value, abs=1e-9)
