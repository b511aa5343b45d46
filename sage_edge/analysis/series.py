"""Numbers of one scorer over sessions: what statistics work on, and never without the scorer's name."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise

from sage_edge.names import Digest, Slug, Track
from sage_edge.scorers.base import Mark, QuantityKind


@dataclass(frozen=True)
class Point:
    """One session in a series. `number` orders it; `marks` are its answers, at least one."""

    number: int
    label: str
    seal: Digest
    started: datetime | None
    unit: str
    intervention: str
    marks: tuple[Mark, ...]
    remarks: tuple[str, ...] = ()

    @property
    def value(self) -> float:
        """The session's value: the plain mean of its marks."""
        return math.fsum(mark.value for mark in self.marks) / len(self.marks)


@dataclass(frozen=True)
class Series:
    """The points of one quantity of one scorer on one track, by session number, oldest first."""

    scorer: Slug
    version: int
    quantity: Slug
    kind: QuantityKind
    definition: Digest
    track: Track
    points: tuple[Point, ...]

    @property
    def name(self) -> str:
        """`raising/1 d5`."""
        return f"{self.scorer}/{self.version} {self.quantity}"

    def window(self, first: int, last: int) -> Series:
        """Return the sessions numbered `first` to `last`."""
        return self.where(lambda point: first <= point.number <= last)

    def where(self, keep: Callable[[Point], bool]) -> Series:
        """Return the sessions that `keep` keeps."""
        return replace(self, points=tuple(point for point in self.points if keep(point)))


def paired(series: Series, other: Series) -> tuple[tuple[Point, Point], ...]:
    """Return the sessions that both series have, in order, matched by seal."""
    known = {point.seal: point for point in other.points}
    return tuple((point, known[point.seal]) for point in series.points if point.seal in known)


def followed(series: Series, later: Series) -> tuple[tuple[Point, Point], ...]:
    """Return each session with the first of another kind that began after it and before the next of its own kind.

    A session that does not say when it began has no place among them.
    """
    sides = ((at, point) for at, side in enumerate((series, later)) for point in side.points)
    dated = [(point.started, at, point) for at, point in sides if point.started is not None]
    in_order = [(at, point) for _, at, point in sorted(dated, key=lambda entry: entry[:2])]
    return tuple((point, after) for (at, point), (then, after) in pairwise(in_order) if (at, then) == (0, 1))


def values(points: Sequence[Point]) -> list[float]:
    """Return the sessions' values, in order."""
    return [point.value for point in points]
