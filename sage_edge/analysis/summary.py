"""A series in windows of sessions, each as one number with its n and interval, or the reason why there is none.

rate     hits of all answers in the window, Wilson's interval over sessions    n counts answers
mean     mean of all answers, Student's interval over sessions, in [0, 1]      n counts answers
whole    mean of the sessions' values, Student's interval in [0, 1]            n counts sessions

Answers of one session are alike: an interval over several sessions takes the session as its unit (scorers.clustered).
Standard library only: a board without numpy can say this much.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

from sage_edge.analysis.series import Point, Series, values
from sage_edge.analysis.session_groups import GroupName
from sage_edge.scorers.clustered import SessionTotal, mean_over_sessions, rate_over_sessions
from sage_edge.scorers.interval import mean_interval


@dataclass(frozen=True)
class WindowNumber:
    """One number about some sessions. first, last: their labels. note: what keeps it from saying more; mostly empty.

    group: what the sessions have in common, where they were grouped by that.
    """

    first: str
    last: str
    sessions: int
    n: int
    value: float
    low: float | None
    high: float | None
    note: str = ""
    group: str = ""


def grouped(series: Series, name: GroupName) -> Iterator[WindowNumber]:
    """Yield the series group by group, in the order of their first sessions."""
    groups: dict[str, list[Point]] = {}
    for point in series.points:
        groups.setdefault(name(point), []).append(point)
    for group, points in groups.items():
        yield replace(_window(series, points), group=group)


def windows(series: Series, size: int | None = None) -> Iterator[WindowNumber]:
    """Yield the series in windows of `size` session numbers (1 to size, and so on), or in one; none if it is empty."""
    if size is None:
        groups = [list(series.points)]
    else:
        slots: dict[int, list[Point]] = {}
        for point in series.points:
            slots.setdefault((max(point.number, 1) - 1) // size, []).append(point)
        groups = [slots[slot] for slot in sorted(slots)]
    for points in groups:
        if points:
            yield _window(series, points)


def _window(series: Series, points: list[Point]) -> WindowNumber:
    answers = [[mark.value for mark in point.marks] for point in points]
    counted = values(points) if series.kind == "whole" else [value for session in answers for value in session]
    n = len(counted)
    value = math.fsum(counted) / n
    low: float | None
    high: float | None
    if series.kind == "rate":
        low, high = rate_over_sessions(SessionTotal(math.fsum(session), len(session)) for session in answers)
        note = ""
    elif n == 1:
        low, high, note = None, None, "n = 1: no spread, so no interval"
    elif max(counted) == min(counted):
        low, high, note = None, None, f"all {n} are the same: no spread, so no interval"
    else:
        low, high = mean_interval(counted) if series.kind == "whole" else mean_over_sessions(answers)
        note = ""
    return WindowNumber(points[0].label, points[-1].label, len(points), n, value, low, high, note)
