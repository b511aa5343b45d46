"""Dip test of unimodality: do scores gather around one value or more; with its null for scores on a grid.

The dip is the largest distance between the scores' distribution and the nearest one with a single peak. Its table
supposes that no two scores are equal. Sessions of few answers lie on a grid, and every point of a grid looks like a
peak; `shuffled` therefore asks how large a dip the same answers make when they are dealt to the sessions at random.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import diptest
import numpy as np
from numpy.typing import NDArray

from sage_edge.analysis.statistics.estimate import SAME, Floats, Significance, numbers, share, varies, why_undefined

TABLE = "dip test of unimodality, tabulated p (Hartigan and Hartigan 1985)"
DEALT = "dip of session means, answers dealt to the sessions at random"
LEAST = 4
FINEST = 1e-5
"""Where the table ends; p is not told to be smaller."""

DEALS = 1_999
FEWEST_DEALS, MOST_DEALT = 199, 8_000_000
"""A corpus of many answers is dealt less often; no p is then told to be below 0.005."""


AnswerPlaces: TypeAlias = NDArray[np.int_]


@dataclass(frozen=True)
class Dip:
    """size: the dip, in [0, 0.25], or None. distinct: how many different values there are."""

    size: float | None
    distinct: int
    chance: Significance


def dip(values: Sequence[float]) -> Dip:
    """Return Hartigan's dip and its p; undefined for n < 4 or constant values.

    Source: J. A. Hartigan, P. M. Hartigan, The dip test of unimodality, Ann. Statist. 13 (1985) 70-84.
    """
    array = numbers(values).round(12)
    n, distinct = int(array.size), int(np.unique(array).size)
    if reason := why_undefined(LEAST, array):
        return Dip(None, distinct, Significance(None, n, TABLE, undefined=reason))
    size, p = diptest.diptest(array)
    return Dip(float(size), distinct, Significance(float(min(1.0, max(FINEST, p))), n, TABLE))


def shuffled(
    sessions: Sequence[Sequence[float]],
    *,
    seed: int,
    rounds: int = DEALS,
    questions: Sequence[Sequence[Hashable]] | None = None,
) -> Significance:
    """Return how often the sessions' means have as large a dip when no session has a state of its own.

    sessions: the answers' scores of each session, each at least one. questions: as for `deals`. Sessions that differ
    without forming two groups may also be rare under this null; read it beside `dip`, whose null they satisfy.
    """
    pool, starts, sizes = _pooled(sessions)
    n = len(sizes)
    if n < LEAST:
        return Significance(None, n, DEALT, undefined=f"needs n >= {LEAST}")
    if not varies(pool):
        return Significance(None, n, DEALT, undefined="no variation")
    seen = _dip(np.add.reduceat(pool, starts) / sizes) - SAME
    rounds = min(rounds, max(FEWEST_DEALS, MOST_DEALT // pool.size))
    dealt = deals(sessions, seed=seed, rounds=rounds, questions=questions)
    return Significance(share(sum(_dip(means) >= seen for means in dealt), rounds), n, DEALT, seed)


def deals(
    sessions: Sequence[Sequence[float]],
    *,
    seed: int,
    rounds: int,
    questions: Sequence[Sequence[Hashable]] | None = None,
) -> Iterator[Floats]:
    """Yield the sessions' means after the same answers were dealt to the sessions at random, `rounds` times.

    sessions: the answers' scores of each session, each at least one; every session keeps its number of answers.
    questions: what each answer answers; an answer is then dealt among those to the same question alone, so that what
    questions do to a session stays as it is.
    """
    pool, starts, sizes = _pooled(sessions)
    draw, groups = np.random.default_rng(seed), _alike(pool.size, questions)
    for _ in range(rounds):
        dealt = pool.copy()
        for places in groups:
            dealt[places] = draw.permutation(pool[places])
        yield np.add.reduceat(dealt, starts) / sizes


def _alike(count: int, questions: Sequence[Sequence[Hashable]] | None) -> list[AnswerPlaces]:
    """Return the places in a row of answers that may change with each other."""
    if questions is None:
        return [np.arange(count)]
    asked = [question for session in questions for question in session]
    if len(asked) != count:
        raise ValueError(f"expected a question for each answer, got {len(asked)} of {count}")
    places: dict[Hashable, list[int]] = {}
    for place, question in enumerate(asked):
        places.setdefault(question, []).append(place)
    return [np.array(group, dtype=np.int_) for group in places.values()]


def _pooled(sessions: Sequence[Sequence[float]]) -> tuple[Floats, AnswerPlaces, AnswerPlaces]:
    """Return all answers in a row, where each session starts in it, and how many it has."""
    groups = [numbers(answers) for answers in sessions]
    if any(group.size == 0 for group in groups):
        raise ValueError("expected at least one answer in each session")
    sizes = np.array([group.size for group in groups], dtype=np.int_)
    pool = np.concatenate(groups) if groups else numbers(())
    return pool, np.concatenate((np.zeros(1, dtype=np.int_), np.cumsum(sizes)[:-1])), sizes


def _dip(values: Floats) -> float:
    return float(diptest.dipstat(values.round(12)))
