from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sage_edge.analysis.statistics import unimodality
from tests.analysis.statistics.scores import ROUNDS, SEED, TENTHS, is_chance, rows

# Hartigan's own example, the quality of 63 statistics departments, as in the R package diptest: dip 0.059524
FACULTY = [
    30,
    33,
    35,
    36,
    37,
    37,
    39,
    39,
    39,
    39,
    39,
    40,
    40,
    40,
    40,
    41,
    42,
    43,
    43,
    43,
    44,
    44,
    45,
    45,
    46,
    46,
    47,
    47,
    48,
    48,
    48,
    49,
    50,
    50,
    51,
    52,
    52,
    53,
    53,
    53,
    53,
    53,
    54,
    54,
    57,
    57,
    59,
    60,
    60,
    60,
    61,
    61,
    61,
    61,
    62,
    62,
    62,
    62,
    63,
    66,
    70,
    72,
    72,
]


def test_the_published_example() -> None:
    found = unimodality.dip(FACULTY)
    assert found.size == pytest.approx(0.0595, abs=5e-5)
    assert found.chance.p == pytest.approx(0.087, abs=0.002)


def test_two_peaks_are_seen_and_one_is_not() -> None:
    draw = np.random.default_rng(4)
    one = draw.normal(0.5, 0.1, 80)
    two = np.concatenate((draw.normal(0.2, 0.05, 40), draw.normal(0.8, 0.05, 40)))
    assert (unimodality.dip(two.tolist()).chance.p or 0) < 0.001
    assert (unimodality.dip(one.tolist()).chance.p or 0) > 0.2


def test_a_grid_alone_makes_a_dip_that_dealt_answers_make_as_well() -> None:
    """Sessions of four answers, each right with the same chance: one state, and yet the table sees peaks."""
    draw = np.random.default_rng(8)
    answers = (draw.random((60, 4)) < 0.5).astype(float)
    table = unimodality.dip(answers.mean(axis=1).tolist())
    assert table.distinct == 5
    assert (table.chance.p or 1) < 0.01
    assert (unimodality.shuffled(answers.tolist(), seed=SEED, rounds=ROUNDS).p or 0) > 0.1


def test_sessions_in_two_states_are_not_made_by_dealing() -> None:
    draw = np.random.default_rng(8)
    answers = [(draw.random(12) < (0.1 if number % 2 else 0.9)).astype(float).tolist() for number in range(40)]
    assert (unimodality.shuffled(answers, seed=SEED, rounds=ROUNDS).p or 1) == pytest.approx(1 / (ROUNDS + 1))


@pytest.mark.parametrize(
    ("values", "reason"), [([], "needs n >= 4"), ([0.1, 0.5, 0.9], "needs n >= 4"), ([0.4] * 9, "no variation")]
)
def test_no_dip_where_there_cannot_be_one(values: list[float], reason: str) -> None:
    found = unimodality.dip(values)
    assert (found.size, found.chance.p, found.chance.undefined) == (None, None, reason)
    dealt = unimodality.shuffled([[value] for value in values], seed=SEED)
    assert (dealt.p, dealt.undefined) == (None, reason)


def test_a_session_without_answers_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one answer"):
        unimodality.shuffled([[0.1], []], seed=SEED)


@given(rows())
def test_any_scores_give_a_sound_dip(values: list[float]) -> None:
    found = unimodality.dip(values)
    assert is_chance(found.chance)
    assert found.size is None or 0 <= found.size <= 0.25 + 1e-12
    shifted = unimodality.dip([0.5 * value + 1 for value in values[::-1]])
    if found.distinct == shifted.distinct and found.size is not None:
        assert shifted.size == pytest.approx(found.size, abs=1e-6)


@given(st.lists(st.lists(TENTHS, min_size=1, max_size=4), max_size=8))
def test_any_sessions_give_a_sound_p(sessions: list[list[float]]) -> None:
    assert is_chance(unimodality.shuffled(sessions, seed=SEED, rounds=19))
