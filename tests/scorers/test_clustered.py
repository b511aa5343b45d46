"""Intervals over sessions: against the formula in another library, and against the truth in studies that are made."""

from __future__ import annotations

import functools
import itertools
import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from sage_edge.scorers import mean_interval, wilson
from sage_edge.scorers.clustered import SessionTotal, mean_over_sessions, rate_over_sessions

ANSWERS = 7
RATES, COUNTS = (0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.95), (4, 8, 16, 60)
STUDY = Path(__file__).parents[2] / "docs" / "first-findings.json"
NUMBERS = st.lists(st.integers(0, 9).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), max_size=9)


def totals(*sessions: tuple[int, int]) -> list[SessionTotal]:
    return [SessionTotal(hits, n) for hits, n in sessions]


def test_nothing_and_one_session_are_wilsons() -> None:
    assert rate_over_sessions([]) == (0, 1)
    assert rate_over_sessions(totals((0, 0), (3, 7))) == wilson(3, 7)


def test_the_formula_by_hand() -> None:
    """4 sessions of 7: 1, 2, 3, 6 hits; 14 off the mean in squares, so an effect of 4/3 · 14/28² · 28/(3/7 · 4/7)."""
    effect = 4 / 3 * 14 / 28**2 / (3 / 7 * 4 / 7 / 28)
    n, t = 28 / effect, stats.t.ppf(0.975, 3)
    centre, margin = 3 / 7 + t**2 / (2 * n), t * math.sqrt(3 / 7 * 4 / 7 / n + t**2 / (4 * n**2))
    expected = (centre - margin) / (1 + t**2 / n), (centre + margin) / (1 + t**2 / n)
    assert rate_over_sessions(totals((1, 7), (2, 7), (3, 7), (6, 7))) == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("hits", [0, 7])
def test_sessions_that_all_say_the_same_still_have_an_interval(hits: int) -> None:
    low, high = rate_over_sessions(totals(*[(hits, 7)] * 4))
    assert (low, high)[hits == 7] == hits / 7
    assert high - low > 0.2


def test_answers_that_repeat_their_session_count_once() -> None:
    """Whole sessions of hits or of none: as many answers as there are sessions, whatever each was asked."""
    few = rate_over_sessions(totals(*[(1, 1), (0, 1)] * 5))
    many = rate_over_sessions(totals(*[(100, 100), (0, 100)] * 5))
    assert many == pytest.approx(few, abs=0.03)
    assert many[0] < few[0] + 1e-9, "the spread that is seen is that of sessions"


@given(NUMBERS)
def test_whatever_was_counted_there_is_an_interval_around_the_rate(sessions: list[tuple[int, int]]) -> None:
    low, high = rate_over_sessions(totals(*sessions))
    n = sum(n for _, n in sessions)
    rate = sum(hits for hits, _ in sessions) / n if n else 0.5
    assert 0 <= low <= rate + 1e-12
    assert rate - 1e-12 <= high <= 1


@given(NUMBERS)
def test_a_mean_over_sessions_is_a_mean(sessions: list[tuple[int, int]]) -> None:
    answers = [[1.0] * hits + [0.0] * (n - hits) for hits, n in sessions]
    low, high = mean_over_sessions(answers)
    whole = [answer for session in answers for answer in session]
    assert not whole or low <= math.fsum(whole) / len(whole) <= high
    if sum(map(bool, answers)) < 2:
        assert (low, high) == mean_interval(whole)


def test_equal_sessions_mean_what_their_means_mean() -> None:
    sessions = [[0.1, 0.3], [0.5, 0.7], [0.2, 0.2]]
    assert mean_over_sessions(sessions) == pytest.approx(mean_interval([0.2, 0.6, 0.2]))


def test_more_hits_than_answers_are_refused() -> None:
    with pytest.raises(ValueError, match="expected 0 <= hits <= n, got 3 of 2"):
        rate_over_sessions(totals((3, 2), (0, 2)))


def of_the_study() -> float:
    """The correlation within sessions of the first study, averaged over arms and rates that vary (ANOVA estimate)."""
    study = json.loads(STUDY.read_text("utf-8"))
    rates = [each["name"] for each in study["outcomes"] if each["kind"] == "rate"]
    estimates = []
    for arm, name in itertools.product(study["arms"], rates):
        sessions = [session["marks"][name] for session in arm["sessions"] if len(session["marks"].get(name, ())) > 1]
        if sessions and 0 < np.mean([mark for marks in sessions for mark in marks]) < 1:
            estimates.append(within(sessions))
    return float(np.mean(estimates))


def within(sessions: list[list[float]]) -> float:
    sizes = np.array([len(marks) for marks in sessions])
    means, whole = np.array([np.mean(marks) for marks in sessions]), np.concatenate(sessions).mean()
    between = float((sizes * (means - whole) ** 2).sum()) / (len(sessions) - 1)
    inside = sum(float(((np.array(marks) - np.mean(marks)) ** 2).sum()) for marks in sessions)
    inside /= sizes.sum() - len(sessions)
    typical = (sizes.sum() - (sizes**2).sum() / sizes.sum()) / (len(sessions) - 1)
    return max(0.0, float((between - inside) / (between + (typical - 1) * inside)))


def covered(rate: float, alike: float, count: int, rounds: int, chance: np.random.Generator) -> float:
    """The share of made studies whose interval holds the rate they were made with. alike: correlation in a session."""
    if alike:
        leaning = chance.beta(rate * (1 - alike) / alike, (1 - rate) * (1 - alike) / alike, (rounds, count))
    else:
        leaning = np.full((rounds, count), rate)
    studies = np.sort(chance.binomial(ANSWERS, leaning), axis=1)
    interval = functools.cache(lambda hits: rate_over_sessions(totals(*((one, ANSWERS) for one in hits))))
    ends = [interval(tuple(map(int, study))) for study in studies]
    return sum(low - 1e-12 <= rate <= high + 1e-12 for low, high in ends) / rounds


@pytest.mark.parametrize(
    "rounds", [pytest.param(1_000, marks=pytest.mark.slow), pytest.param(20_000, marks=pytest.mark.full)]
)
def test_intervals_cover_what_they_say(rounds: int) -> None:
    """At least 92 % everywhere, at most 98.5 % from 16 sessions on; 3 standard errors are left to the simulation."""
    chance = np.random.default_rng(20260117)
    noise = 3 * math.sqrt(0.92 * 0.08 / rounds)
    wrong = []
    for alike, count in itertools.product((0, 0.1, 0.3, of_the_study()), COUNTS):
        cells = [covered(rate, alike, count, rounds, chance) for rate in RATES]
        print(f"alike {alike:.2f}, {count:2} sessions:", *(f"{cell:.3f}" for cell in cells))
        most = 0.985 if count >= 16 else 1.0
        wrong += [(alike, count, cell) for cell in cells if not 0.92 - noise <= cell <= most + noise]
    assert wrong == []
