from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from scipy import stats

from sage_edge.analysis.statistics import means
from tests.analysis.statistics.scores import ROUNDS, SEED, is_sound, rows


def test_a_rate_has_wilsons_interval() -> None:
    # Newcombe 1998, Two-sided confidence intervals for the single proportion, table I: 81 of 263
    found = means.rate(81, 263)
    assert [found.low, found.high] == pytest.approx([0.2553, 0.3662], abs=5e-5)
    assert found.value == 81 / 263
    assert means.rate(0, 0).undefined == "needs n >= 1"


def test_the_bootstrap_agrees_with_student_where_both_hold() -> None:
    scores = np.random.default_rng(1).normal(0.5, 0.1, 200).tolist()
    student = stats.t.interval(0.95, 199, np.mean(scores), stats.sem(scores))
    found = means.mean(scores, seed=SEED)
    assert [found.low, found.high] == pytest.approx([student[0], student[1]], abs=0.002)
    assert found.seed == SEED
    assert "bootstrap" in found.method


def test_large_n_uses_student_and_no_seed() -> None:
    scores = np.random.default_rng(1).random(means.MANY + 1).tolist()
    found = means.mean(scores, seed=SEED)
    low, high = stats.t.interval(0.95, means.MANY, np.mean(scores), stats.sem(scores))
    assert [found.low, found.high] == pytest.approx([low, high])
    assert found.seed is None


def test_the_same_seed_gives_the_same_interval() -> None:
    assert means.mean([0.1, 0.5, 0.2], seed=3) == means.mean([0.1, 0.5, 0.2], seed=3)
    assert means.mean([0.1, 0.5, 0.2, 0.9], seed=3) != means.mean([0.1, 0.5, 0.2, 0.9], seed=4)


@pytest.mark.parametrize(
    ("values", "value", "reason"),
    [
        ([], None, "needs n >= 1"),
        ([0.4], 0.4, "interval: needs n >= 2"),
        ([0.4, 0.4], 0.4, "interval: no variation"),
    ],
)
def test_what_does_not_exist_is_named(values: list[float], value: float | None, reason: str) -> None:
    found = means.mean(values, seed=SEED)
    assert (found.value, found.low, found.high, found.undefined) == (value, None, None, reason)


def test_nan_is_refused() -> None:
    with pytest.raises(ValueError, match="finite"):
        means.mean([0.5, math.nan], seed=SEED)


@given(rows())
def test_the_interval_holds_the_mean(values: list[float]) -> None:
    assert is_sound(means.mean(values, seed=SEED, rounds=ROUNDS))


def test_the_interval_covers_what_it_should() -> None:
    draw = np.random.default_rng(5)
    hits = sum(means.mean(draw.beta(2, 5, 20).tolist(), seed=SEED, rounds=499).holds(2 / 7) for _ in range(200))
    assert 0.88 <= hits / 200 <= 0.99
