"""The confidence sequence: against its authors' own program, and against every look of ten thousand made trials."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sage_edge.analysis.statistics import sequence
from sage_edge.analysis.statistics.estimate import LEVEL, Floats

ROW = (1, 0.25, 0.5, -0.125, 1, 0.75, 0.5, 1, 0.25, 0.875, 0.625, 0.375)
LOW = (-1, -1, -0.734, -0.663, -0.537, -0.437, -0.364, -0.275, -0.237, -0.171, -0.124, -0.094)
HIGH = (1, 1, 1, 1, 1, 1, 1, 1, 0.945, 0.939, 0.919, 0.89)
BLOCKS = 28
Drawn = Callable[[np.random.Generator, int], Floats]


@pytest.mark.parametrize(
    ("mean", "theirs"),
    [
        (0.0, (0.75, 0.84375, 1.054688, 0.98877, 1.483154, 2.039337, 2.549171, 3.823757, 4.301727, 6.183732)),
        (-0.5, (1.25, 2.1875, 4.375, 6.015625, 15.039062, 33.837891, 67.675781, 169.189453, 296.081543, 703.193665)),
        (0.9, (0.513158, 0.844412, 1.533733, 4.506825, 3.756154, 4.57373, 7.092146, 6.142455, 11.094692, 11.426377)),
    ],
)
def test_the_capital_is_what_the_authors_program_says(mean: float, theirs: tuple[float, ...]) -> None:
    """betting_mart of confseq 0.0.11 (I. Waudby-Smith), of the row brought into [0, 1]."""
    capital = np.maximum(*sequence.capital(np.array(ROW), mean))
    assert capital[:10].tolist() == pytest.approx(theirs, abs=1e-6)


def test_the_intervals_are_what_the_authors_program_says() -> None:
    """betting_cs of confseq 0.0.11 with a grid of 2,000 and the running intersection; its ends are on that grid."""
    known = sequence.looks(ROW)
    assert [look.n for look in known] == list(range(1, 13))
    assert [look.low for look in known] == pytest.approx(LOW, abs=1.1e-3)
    assert [look.high for look in known] == pytest.approx(HIGH, abs=1.1e-3)


def test_nothing_is_known_before_the_first() -> None:
    assert sequence.looks([]) == ()


def test_what_lies_outside_is_refused() -> None:
    with pytest.raises(ValueError, match=r"in \[-1, 1\]"):
        sequence.looks([0, 1.2])


@given(st.lists(st.floats(-1, 1, allow_nan=False), max_size=60))
def test_an_interval_never_grows_and_is_never_empty(differences: list[float]) -> None:
    known = sequence.looks(differences)
    for before, after in itertools.pairwise(known):
        assert before.low <= after.low <= after.high <= before.high


@given(st.lists(st.floats(-1, 1, allow_nan=False), min_size=1, max_size=30))
def test_the_other_way_round_everything_is_mirrored(differences: list[float]) -> None:
    """Which arm is called the first does not matter."""
    here, there = sequence.looks(differences), sequence.looks([-value for value in differences])
    assert [look.low for look in here] == pytest.approx([-look.high for look in there], abs=1e-9)


def of_two_rates(low: float, high: float) -> Drawn:
    """Differences of two arms that are alike, over sessions of seven answers whose rate wanders between two values."""

    def drawn(chance: np.random.Generator, rounds: int) -> Floats:
        wandering = chance.uniform(low, high, (BLOCKS, rounds))
        one, other = chance.binomial(7, wandering), chance.binomial(7, wandering)
        return (one - other) / 7

    return drawn


def of_a_drift(chance: np.random.Generator, rounds: int) -> Floats:
    """Two sessions of a block differ by what lies between them in time; which of them got the arm is chance."""
    later = chance.binomial(7, np.linspace(0.1, 0.9, 2 * BLOCKS)[:, None], (2 * BLOCKS, rounds)) / 7
    return chance.choice([-1.0, 1.0], (BLOCKS, rounds)) * (later[1::2] - later[::2])


def of_extremes(chance: np.random.Generator, rounds: int) -> Floats:
    return chance.choice([-1.0, 1.0], (BLOCKS, rounds))


@pytest.mark.parametrize(
    "rounds", [pytest.param(1_000, marks=pytest.mark.slow), pytest.param(10_000, marks=pytest.mark.full)]
)
@pytest.mark.parametrize(
    "drawn", [of_two_rates(0.5, 0.5), of_two_rates(0.01, 0.2), of_two_rates(0.1, 0.9), of_a_drift, of_extremes]
)
def test_whoever_looks_after_every_block_is_fooled_in_one_trial_of_twenty_at_most(drawn: Drawn, rounds: int) -> None:
    differences = drawn(np.random.default_rng(20260117), rounds)
    ever = np.maximum(*sequence.capital(differences, 0.0)).max(axis=0) >= 1 / LEVEL
    print(f"fooled: {ever.mean():.4f}")
    assert ever.mean() <= LEVEL + 3 * math.sqrt(LEVEL * (1 - LEVEL) / rounds) * (rounds < 10_000)


def test_an_effect_is_found() -> None:
    """A clear one in most trials of 28 blocks: rates of 0.15 and 0.85."""
    chance = np.random.default_rng(20260117)
    differences = (chance.binomial(7, 0.85, (BLOCKS, 500)) - chance.binomial(7, 0.15, (BLOCKS, 500))) / 7
    up, _ = sequence.capital(differences, 0.0)
    assert (up.max(axis=0) >= 1 / LEVEL).mean() > 0.95
