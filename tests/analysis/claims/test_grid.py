from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sage_edge.analysis.claims import declarations, grid
from sage_edge.analysis.claims.schema import StatesClaim
from sage_edge.analysis.statistics import unimodality
from sage_edge.names import Slug

ROOT = Path(__file__).parents[3]
SEED = 11


def claim() -> StatesClaim:
    states = declarations.load(ROOT / "fleet").claims[Slug("bistable-identity")]
    assert isinstance(states, StatesClaim)
    return states


def sessions(rate: float, answers: int, count: int = 40) -> list[list[float]]:
    draw = np.random.default_rng(SEED)
    return [(draw.random(answers) < rate).astype(float).tolist() for _ in range(count)]


def test_a_grid_of_few_answers_alone_makes_a_dip() -> None:
    alarms = grid.alarms(claim(), sessions(0.4, 7), seed=SEED, rounds=99)
    assert (alarms.dip or 0) > 0.9, "the table knows of no grid"
    assert (alarms.mixture if alarms.mixture is not None else 1) < 0.1


def test_rare_answers_alone_make_two_states_for_both_tests() -> None:
    alarms = grid.alarms(claim(), sessions(0.05, 7), seed=SEED, rounds=99)
    assert (alarms.both or 0) > 0.5, "most sessions have none, some have one of seven: a state of its own, it seems"


def test_what_the_questions_do_is_no_state_of_a_session() -> None:
    """Half of the sessions are asked for a name twice, the others once, and every one gives it."""
    asked = [("plain" if at < 20 else "twice") for at in range(40)]
    data = [[1.0, 1.0 if kind == "twice" else 0.0, *[0.0] * 5] for kind in asked]
    data[0], data[25] = [1.0, 1.0, *[0.0] * 5], [1.0] + [0.0] * 6
    questions = [[f"{kind} {turn}" for turn in range(7)] for kind in asked]
    freely = unimodality.shuffled(data, seed=SEED, rounds=199)
    by_question = unimodality.shuffled(data, seed=SEED, rounds=199, questions=questions)
    assert (freely.p or 1) < 0.05, "dealt freely, they would never be as alike as this"
    assert (by_question.p or 0) > 0.5
    alarms = grid.alarms(claim(), data, seed=SEED, rounds=49, questions=questions)
    assert (alarms.both or 0) > 0.9


def test_every_answer_needs_its_question() -> None:
    with pytest.raises(ValueError, match="a question for each answer"):
        grid.alarms(claim(), [[0.0, 1.0]] * 6, seed=SEED, rounds=2, questions=[["a", "b"]] * 5)


def test_many_answers_make_no_grid() -> None:
    draw = np.random.default_rng(SEED)
    fine = [draw.random(200).tolist() for _ in range(40)]
    alarms = grid.alarms(claim(), fine, seed=SEED, rounds=99)
    assert (alarms.dip if alarms.dip is not None else 1) < 0.1
    assert (alarms.both if alarms.both is not None else 1) < 0.05


def test_what_cannot_differ_gives_no_alarm() -> None:
    nothing = grid.alarms(claim(), [[0.0] * 7] * 40, seed=SEED, rounds=9)
    assert (nothing.dip, nothing.mixture, nothing.both, nothing.deals) == (None, None, None, 0)
    assert grid.alarms(claim(), sessions(0.5, 7, count=3), seed=SEED, rounds=9).both is None


def test_the_same_seed_gives_the_same_alarms() -> None:
    data = sessions(0.2, 7)
    first, second = (grid.alarms(claim(), data, seed=SEED, rounds=49) for _ in range(2))
    assert first == second
