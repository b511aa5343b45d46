"""Confidence intervals over several sessions: the answers of one session are alike, and so say less than their count.

A session is the unit. How much its answers are alike is read off the sessions themselves: the design effect is the
variance that the sessions' totals show, over the one that as many independent answers would have.

    effective n  =  answers / design effect,   1 <= design effect <= what it is where each session says one thing only

Few sessions tell little about their own spread, so the quantile is Student's, with one degree of freedom less than
there are sessions. Sources: L. Kish, Survey Sampling (1965) 8.2; E. L. Korn, B. I. Graubard, Confidence intervals for
proportions with small expected number of positive counts, Survey Methodology 24 (1998) 193-201.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sage_edge.scorers.interval import mean_interval, score_interval, student, wilson


@dataclass(frozen=True)
class SessionTotal:
    """What the answers of one session add up to. total: of a rate its hits; n: how many answers were counted."""

    total: float
    n: int


def rate_over_sessions(sessions: Iterable[SessionTotal]) -> tuple[float, float]:
    """Return the 95 % interval of a rate, both ends in [0, 1]; (0, 1) when nothing was counted.

    One session alone has Wilson's interval of its answers. Raises ValueError unless 0 <= hits <= n in every session.
    """
    counted = _counted(sessions)
    hits, n = round(math.fsum(each.total for each in counted)), sum(each.n for each in counted)
    if len(counted) < 2:
        return wilson(hits, n)
    return score_interval(hits / n, n / design_effect(counted), student(len(counted) - 1))


def design_effect(sessions: Iterable[SessionTotal]) -> float:
    """Return how many answers of these sessions say as much as one independent one: 1 for less than two sessions."""
    counted = _counted(sessions)
    n = sum(each.n for each in counted)
    rate = round(math.fsum(each.total for each in counted)) / n if n else 0.0
    if len(counted) < 2 or not 0 < rate < 1:
        return 1.0
    most = sum(each.n**2 for each in counted) / n
    return min(max(1.0, _variance(counted) / (rate * (1 - rate) / n)), most)


def mean_over_sessions(sessions: Sequence[Sequence[float]]) -> tuple[float, float]:
    """Return the 95 % interval of the mean of all answers, each in [0, 1], cut to [0, 1]; (0, 1) for fewer than two.

    One session alone has Student's interval of its answers. sessions: the answers of each.
    """
    given = [answers for answers in sessions if answers]
    if len(given) < 2:
        return mean_interval([answer for answers in given for answer in answers])
    totals = [SessionTotal(math.fsum(answers), len(answers)) for answers in given]
    mean = math.fsum(each.total for each in totals) / sum(each.n for each in totals)
    margin = student(len(totals) - 1) * math.sqrt(_variance(totals))
    return max(0.0, mean - margin), min(1.0, mean + margin)


def _counted(sessions: Iterable[SessionTotal]) -> list[SessionTotal]:
    counted = [each for each in sessions if each.n]
    for each in counted:
        if not 0 <= each.total <= each.n:
            raise ValueError(f"expected 0 <= hits <= n, got {each.total} of {each.n}")
    return counted


def _variance(sessions: Sequence[SessionTotal]) -> float:
    """That of the mean of all answers, by how the totals of two or more sessions differ from what it expects."""
    n, k = sum(each.n for each in sessions), len(sessions)
    mean = math.fsum(each.total for each in sessions) / n
    return k / (k - 1) * math.fsum((each.total - each.n * mean) ** 2 for each in sessions) / n**2
