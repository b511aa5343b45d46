from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sage_edge.analysis.statistics import effects, pairs
from tests.analysis.statistics.scores import ROUNDS, SEED, is_chance, is_sound
from tests.analysis.statistics.scores import pairs as drawn_pairs

DARWIN = [6.1, -8.4, 1.0, 2.0, 0.7, 2.9, 3.5, 5.1, 1.8, 3.6, 7.0, 3.0, 9.3, 7.5, -6.0]
"""Heights of crossed minus self-fertilised Zea mays in inches, fifteen pairs (Darwin 1876)."""


def test_fishers_own_example() -> None:
    # R. A. Fisher, The design of experiments, §21: 1,726 of 32,768 sign patterns are as far out, p = 0.0526
    effect = pairs.of_pairs([0.0] * 15, DARWIN, seed=SEED)
    assert effect.chance.p == pytest.approx(1_726 / 32_768, abs=0.007)
    assert effect.difference.value == pytest.approx(np.mean(DARWIN))
    assert effect.deviation == pytest.approx(np.std(DARWIN, ddof=1))


def test_pairs_see_what_the_sides_alone_do_not() -> None:
    draw = np.random.default_rng(SEED)
    before = draw.random(40)
    after = before + 0.05 + draw.normal(0, 0.02, 40)
    assert (pairs.of_pairs(before.tolist(), after.tolist(), seed=SEED).chance.p or 1) < 0.001
    assert (effects.of_means(before.tolist(), after.tolist(), seed=SEED).chance.p or 0) > 0.2


def test_where_neighbours_are_alike_blocks_give_the_wider_interval() -> None:
    wave = [0.3 if (at // 5) % 2 else -0.1 for at in range(40)]
    effect = pairs.of_pairs([0.0] * 40, wave, seed=SEED)
    blocks, single = effect.in_blocks, effect.difference
    assert (effect.likeness or 0) > 0.5
    assert None not in (blocks.low, blocks.high, single.low, single.high)
    assert (blocks.high or 0) - (blocks.low or 0) > 1.2 * ((single.high or 0) - (single.low or 0))


def test_what_is_equal_has_no_interval_and_no_p() -> None:
    effect = pairs.of_pairs([0.5] * 12, [0.5] * 12, seed=SEED)
    assert effect.difference.value == 0
    assert "no variation" in effect.difference.undefined
    assert effect.chance.undefined == "no variation"
    moved = pairs.of_pairs([0.0] * 12, [1.0] * 12, seed=SEED)
    assert moved.difference.low is None
    assert (moved.chance.p or 1) < 0.01, "all of them rose: that is no accident, though no interval can say so"


def test_sides_must_pair() -> None:
    with pytest.raises(ValueError, match="pairs"):
        pairs.of_pairs([0.1, 0.2], [0.1], seed=SEED)
    with pytest.raises(ValueError, match="pairs"):
        pairs.of_pairs([0.1], [0.1], seed=SEED)


@given(drawn_pairs(least=2), st.integers(0, 2**32))
def test_every_effect_is_sound_and_turns_round_with_its_sides(rows: list[tuple[float, float]], seed: int) -> None:
    before, after = [pair[0] for pair in rows], [pair[1] for pair in rows]
    there = pairs.of_pairs(before, after, seed=seed, rounds=ROUNDS)
    back = pairs.of_pairs(after, before, seed=seed, rounds=ROUNDS)
    assert is_sound(there.difference)
    assert is_sound(there.in_blocks)
    assert is_chance(there.chance)
    assert there.chance.p == back.chance.p
    assert there.difference.value == pytest.approx(-(back.difference.value or 0.0), abs=1e-9)
