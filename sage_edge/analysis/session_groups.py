"""The sessions of a series by what they have in common: their intervention, phase, model or week."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Literal, TypeAlias, get_args

from sage_edge.analysis.series import Point
from sage_edge.names import shortened
from sage_edge.records.dialogue import Dialogue

GroupWay: TypeAlias = Literal["intervention", "phase", "model", "week"]
WAYS: tuple[GroupWay, ...] = get_args(GroupWay)
UNKNOWN = "unknown"

GroupName: TypeAlias = Callable[[Point], str]
"""Names the group of a session."""


def by(way: GroupWay, sessions: Iterable[Dialogue]) -> GroupName:
    """Return what names a session's group. sessions: those of the series; what a paper does not say is `unknown`."""
    if way == "intervention":
        return lambda point: point.intervention
    if way == "phase":
        return lambda point: point.unit
    if way == "week":
        return _week
    models: Mapping[str, str] = {session.seal: shortened(session.model or UNKNOWN) for session in sessions}
    return lambda point: models.get(point.seal, UNKNOWN)


def _week(point: Point) -> str:
    """The ISO week in UTC, like 2026-W48."""
    if point.started is None:
        return UNKNOWN
    year, week, _ = point.started.isocalendar()
    return f"{year}-W{week:02d}"
