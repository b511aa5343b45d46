"""The seeds' own numbers again; quantiles."""

from __future__ import annotations

from sage_edge.bench import seed_series
from sage_edge.bench.quantiles import Quantiles, quantiles


def test_the_seeds_numbers_again() -> None:
    assert [round(one.answer_s, 2) for one in seed_series.SIZES] == [13.32, 45.59, 110.03]
    assert [round(one.by_answer, 2) for one in seed_series.ratios()] == [1.0, 3.42, 8.26]
    assert [round(one.by_word, 2) for one in seed_series.ratios()] == [1.0, 4.32, 8.69]


def test_quantiles_are_values_that_were_measured() -> None:
    assert quantiles([]) is None
    assert quantiles([3.0]) == Quantiles(1, 3.0, 3.0, 3.0)
    assert quantiles([float(n) for n in range(100, 0, -1)]) == Quantiles(100, 50.0, 95.0, 99.0)
