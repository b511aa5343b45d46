from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sage_edge.analysis.statistics import changes
from tests.analysis.statistics.scores import ROUNDS, SEED, is_chance, rows

# G. W. Cobb, The problem of the Nile, Biometrika 65 (1978) 243-251: yearly flow 1871 to 1970, which fell in 1899
NILE = [
    1120,
    1160,
    963,
    1210,
    1160,
    1160,
    813,
    1230,
    1370,
    1140,
    995,
    935,
    1110,
    994,
    1020,
    960,
    1180,
    799,
    958,
    1140,
    1100,
    1210,
    1150,
    1250,
    1260,
    1220,
    1030,
    1100,
    774,
    840,
    874,
    694,
    940,
    833,
    701,
    916,
    692,
    1020,
    1050,
    969,
    831,
    726,
    456,
    824,
    702,
    1120,
    1100,
    832,
    764,
    821,
    768,
    845,
    864,
    862,
    698,
    845,
    744,
    796,
    1040,
    759,
    781,
    865,
    845,
    944,
    984,
    897,
    822,
    1010,
    771,
    676,
    649,
    846,
    812,
    742,
    801,
    1040,
    860,
    874,
    848,
    890,
    744,
    749,
    838,
    1050,
    918,
    986,
    797,
    923,
    975,
    815,
    1020,
    906,
    901,
    1170,
    912,
    746,
    919,
    718,
    714,
    740,
]


def test_the_nile_fell_in_1899() -> None:
    found = changes.change_point(NILE, seed=SEED, rounds=999)
    assert found.at == 1899 - 1871
    assert [found.before, found.after] == pytest.approx([1097.75, 849.97], abs=0.01)
    assert found.chance.p == 0.001
    assert changes.change_points(NILE, seed=SEED, rounds=999) == (28,)


def test_two_changes_are_found_in_order() -> None:
    values = [0.2, 0.21, 0.19, 0.2, 0.22, 0.8, 0.79, 0.81, 0.8, 0.82, 0.5, 0.51, 0.49, 0.5, 0.52]
    points = changes.change_points(values, seed=SEED)
    assert points == (5, 10)


def test_noise_rarely_changes_its_level() -> None:
    draw = np.random.default_rng(2)
    seen = [changes.change_point(draw.random(20).tolist(), seed=SEED, rounds=ROUNDS).chance.p or 0 for _ in range(200)]
    assert 0.01 <= np.mean(np.array(seen) <= 0.05) <= 0.10


@pytest.mark.parametrize(
    ("values", "reason"), [([], "needs n >= 4"), ([0.1, 0.9, 0.1], "needs n >= 4"), ([1] * 9, "no variation")]
)
def test_no_change_where_there_cannot_be_one(values: list[float], reason: str) -> None:
    found = changes.change_point(values, seed=SEED)
    assert (found.at, found.before, found.after, found.chance.undefined) == (None, None, None, reason)
    assert changes.change_points(values, seed=SEED) == ()


def test_a_run_is_held_against_the_best_run_of_each_shuffle() -> None:
    values = [0.5, 0.6, 0.4, 0.5, 0.1, 0.1, 0.6, 0.5, 0.4, 0.6, 0.5, 0.55]
    low = changes.unusual_run(values, 4, 2, seed=SEED, low=True)
    assert low.p is not None
    assert low.p < 0.2  # 11 of the 66 places of two values hold them side by side
    assert low.p == pytest.approx(11 / 66, abs=0.02)
    assert changes.unusual_run(values, 4, 2, seed=SEED, low=False).p == 1.0


def test_one_low_session_among_all_is_always_somewhere() -> None:
    assert changes.unusual_run([0.5, 0.4, 0.3, 0.6], 2, 1, seed=SEED, low=True).p == 1.0


@pytest.mark.parametrize(("start", "length"), [(-1, 2), (3, 2), (0, 0), (0, 5)])
def test_a_run_lies_within_the_series(start: int, length: int) -> None:
    with pytest.raises(ValueError, match="does not lie within"):
        changes.unusual_run([0.1, 0.2, 0.3, 0.4], start, length, seed=SEED, low=True)


@given(rows(), st.data())
def test_any_scores_give_a_sound_answer(values: list[float], data: st.DataObject) -> None:
    found = changes.change_point(values, seed=SEED, rounds=ROUNDS)
    assert is_chance(found.chance)
    if found.at is not None:
        assert 2 <= found.at <= len(values) - 2
    points = changes.change_points(values, seed=SEED, rounds=ROUNDS)
    assert list(points) == sorted(set(points))
    if values:
        start = data.draw(st.integers(0, len(values) - 1))
        length = data.draw(st.integers(1, len(values) - start))
        assert is_chance(changes.unusual_run(values, start, length, seed=SEED, low=True, rounds=ROUNDS))
