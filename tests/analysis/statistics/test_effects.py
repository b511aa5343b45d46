from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from sage_edge.analysis.statistics import effects
from sage_edge.scorers.clustered import SessionTotal
from tests.analysis.statistics.scores import ROUNDS, SEED, is_chance, is_sound, rows

BEFORE, AFTER = [0.30, 0.35, 0.28, 0.40, 0.33, 0.31], [0.52, 0.44, 0.60, 0.49]


def test_means_agree_with_welch() -> None:
    found = effects.of_means(BEFORE, AFTER, seed=SEED)
    theirs = stats.ttest_ind(AFTER, BEFORE, equal_var=False).confidence_interval()
    assert found.difference.value == pytest.approx(np.mean(AFTER) - np.mean(BEFORE))
    assert [found.difference.low, found.difference.high] == pytest.approx([theirs.low, theirs.high])
    assert found.chance.p == pytest.approx(1 / math.comb(10, 4), abs=0.002)  # no other split is as far apart


def test_pooled_means_agree_with_student_and_serve_a_single_session() -> None:
    found = effects.of_means(BEFORE, AFTER, seed=SEED, pooled=True)
    theirs = stats.ttest_ind(AFTER, BEFORE).confidence_interval()
    assert [found.difference.low, found.difference.high] == pytest.approx([theirs.low, theirs.high])
    alone = effects.of_means(BEFORE, [0.9], seed=SEED, pooled=True).difference
    assert alone.low is not None
    assert 0 < alone.low < 0.57 < (alone.high or 0)


def test_the_size_of_an_effect() -> None:
    # Hedges 1981: Cohen's d times 1 - 3 / (4 df - 1)
    found = effects.of_means(BEFORE, AFTER, seed=SEED)
    pooled = math.sqrt((np.var(BEFORE, ddof=1) * 5 + np.var(AFTER, ddof=1) * 3) / 8)
    assert found.standardised == pytest.approx((np.mean(AFTER) - np.mean(BEFORE)) / pooled * (1 - 3 / 31))
    assert found.needed(pooled / 2) == 64  # half a deviation: the textbooks' 64 on each side


def test_rates_have_newcombes_interval() -> None:
    # R. G. Newcombe 1998, table II, example (a): 56/70 against 48/80, method 10
    found = effects.of_rates(48, 80, 56, 70)
    assert found.difference.value == pytest.approx(0.2)
    assert [found.difference.low, found.difference.high] == pytest.approx([0.0524, 0.3339], abs=5e-5)


def test_the_lady_tasting_tea() -> None:
    # R. A. Fisher, The design of experiments (1935): 3 of 4 right
    assert effects.of_rates(1, 4, 3, 4).chance.p == pytest.approx(0.486, abs=5e-4)


def test_a_fall_from_three_of_four_to_two_of_four_takes_58_answers_to_see() -> None:
    found = effects.of_rates(3, 4, 2, 4)
    assert found.difference.holds(0)
    assert found.chance.p == 1.0
    assert found.needed(0.25) == 58


@pytest.mark.parametrize(
    ("before", "after", "value", "reason"),
    [
        ([], [0.5], None, "needs n >= 1 on each side"),
        ([0.5], [0.7], 0.2, "interval: needs n >= 2 on each side"),
        ([0.5, 0.5], [0.5, 0.5], 0.0, "interval: no variation"),
    ],
)
def test_what_does_not_exist_is_named(
    before: list[float], after: list[float], value: float | None, reason: str
) -> None:
    found = effects.of_means(before, after, seed=SEED)
    assert found.difference.undefined == reason
    assert found.difference.value == (None if value is None else pytest.approx(value))
    assert found.difference.low is None
    assert found.needed(0.1) is None
    assert effects.of_rates(0, 0, 1, 2).difference.undefined == "needs n >= 1 on each side"
    assert effects.of_rates(0, 0, 1, 2).needed(0.1) is None


@given(rows(0, 12), rows(0, 12))
def test_any_means_give_a_sound_answer(before: list[float], after: list[float]) -> None:
    for pooled in (False, True):
        found = effects.of_means(before, after, seed=SEED, pooled=pooled, rounds=ROUNDS)
        assert is_sound(found.difference)
        assert is_chance(found.chance)
    back = effects.of_means(after, before, seed=SEED, rounds=ROUNDS)
    if back.difference.value is not None:
        assert back.difference.value == pytest.approx(-(found.difference.value or 0), abs=1e-12)


@given(st.integers(0, 30), st.integers(0, 30), st.integers(0, 30), st.integers(0, 30))
def test_any_rates_give_a_sound_answer(one: int, more: int, other: int, rest: int) -> None:
    found = effects.of_rates(one, one + more, other, other + rest)
    assert is_sound(found.difference)
    assert is_chance(found.chance)


def test_answers_of_sessions_that_say_one_thing_count_less_than_independent_ones() -> None:
    alike = [SessionTotal(4.0 * (at < 4), 4) for at in range(8)]
    spread = [SessionTotal(2.0, 4)] * 8
    none = [SessionTotal(0.0, 4)] * 8
    wide, narrow = (effects.of_session_rates(before, none, seed=7) for before in (alike, spread))
    assert (wide.difference.value, narrow.difference.value) == (-0.5, -0.5)
    assert _width(wide) > 1.5 * _width(narrow)
    assert wide.design == pytest.approx(4.0, rel=0.2)
    assert narrow.design == 1.0
    assert (wide.needed(0.2) or 0) > 3 * (narrow.needed(0.2) or 0)


def test_one_session_on_each_side_is_compared_by_its_answers() -> None:
    one = effects.of_session_rates([SessionTotal(3, 4)], [SessionTotal(2, 4)], seed=7)
    assert one == effects.of_rates(3, 4, 2, 4)


def _width(effect: effects.Effect) -> float:
    assert effect.difference.low is not None
    assert effect.difference.high is not None
    return effect.difference.high - effect.difference.low
