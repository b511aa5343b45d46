"""Where the numbers of a claim come from, and what one measurement leaves behind."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from sage_edge.analysis.claims.schema import SessionWindow, split
from sage_edge.analysis.series import Point, Series
from sage_edge.analysis.statistics.coupling import neighbours
from sage_edge.analysis.statistics.estimate import Estimate, Significance
from sage_edge.names import Track
from sage_edge.records.claim import Evidence, Measures, Reading, ScoredBy, Unit
from sage_edge.sizes import counted

RESEMBLE = 0.3
"""From this correlation between neighbours on, an interval that takes sessions as independent is clearly too narrow."""


class SeriesSource(Protocol):
    """Whoever knows the scores: a corpus, or a double in a test."""

    def series(self, scorer: str, version: int, quantity: str, track: Track) -> Series:
        """Return the scores of all sessions of a track, dry runs and experiments left out."""


@dataclass(frozen=True)
class Taken:
    """A reading, what it was made of, and how many it would need.

    needed: what n tells the value from another one; None if that cannot be known or no n would.
    needs_unit: what that n counts. least: below this n there is no value at all. null: the value if nothing is there.
    sides: what is compared and how many of it there are; one side without a name where nothing is.
    """

    reading: Reading
    points: tuple[Point, ...]
    needed: Callable[[float], int | None]
    needs_unit: str
    least: int
    null: float
    sides: tuple[tuple[str, int], ...]


def reading(
    estimate: Estimate,
    chance: Significance,
    *,
    label: str,
    measures: Measures,
    unit: Unit,
    sessions: str,
    notes: Iterable[str],
    scored_by: tuple[ScoredBy, ...] = (),
    recorded_in: str = "",
) -> Reading:
    """Return an estimate and its p as a reading. scored_by, recorded_in: who made the numbers, where they stand."""
    return Reading(
        label=label,
        measures=measures,
        scored_by=scored_by,
        recorded_in=recorded_in,
        sessions=sessions,
        n=estimate.n,
        unit=unit,
        value=estimate.value,
        low=estimate.low,
        high=estimate.high,
        p=chance.p,
        method=estimate.method,
        test=chance.method,
        seed=estimate.seed if chance.seed is None else chance.seed,
        undefined=estimate.undefined,
        notes=tuple(notes),
    )


def take(source: SeriesSource, quantity: str, track: Track, window: SessionWindow) -> Series:
    """Return a quantity's scores in a window."""
    scorer, version, name = split(quantity)
    return within(source.series(scorer, version, name, track), window)


def within(series: Series, window: SessionWindow) -> Series:
    """Return the points of a window: under its interventions, those with an unwanted remark left out."""
    unwanted, under = set(window.without), set(window.under)

    def wanted(point: Point) -> bool:
        after = window.first is None or point.number >= window.first
        before = window.last is None or point.number <= window.last
        named = not under or point.intervention.partition("/")[0] in under
        return after and before and named and unwanted.isdisjoint(point.remarks)

    return series.where(wanted)


def scored_by(*series: Series) -> tuple[ScoredBy, ...]:
    """Return who made the numbers, each once."""
    scorers = [
        ScoredBy(
            scorer=measured.scorer, version=measured.version, quantity=measured.quantity, definition=measured.definition
        )
        for measured in series
    ]
    return tuple(dict.fromkeys(scorers))


def span(points: Sequence[Point]) -> str:
    """Return which sessions these are, for people: `S011 to S020, 10 sessions`."""
    if not points:
        return "no sessions"
    if len(points) == 1:
        return points[0].label
    return f"{points[0].label} to {points[-1].label}, {counted(len(points), 'session')}"


def evidence(taken: Iterable[Taken]) -> tuple[Evidence, ...]:
    """Return the transcripts and turns behind some measurements, each transcript once, by session number."""
    points: dict[str, Point] = {}
    turns: dict[str, set[int]] = {}
    for point in (point for series in taken for point in series.points):
        points.setdefault(point.seal, point)
        turns.setdefault(point.seal, set()).update(mark.turn for mark in point.marks)
    ordered = sorted(points.values(), key=lambda point: (point.number, point.seal))
    return tuple(
        Evidence(transcript=point.seal, label=point.label, turns=tuple(sorted(turns[point.seal]))) for point in ordered
    )


def resemblance(values: Sequence[float]) -> list[str]:
    """Return a note where each session is like the one before it, so that they are no independent witnesses."""
    likeness = neighbours(values) if len(values) > 4 else None
    if likeness is None or likeness.value is None or likeness.value < RESEMBLE:
        return []
    return [f"neighbouring sessions resemble each other (r = {likeness.value:.2f}): the interval is too narrow"]


def fallbacks(points: Iterable[Point]) -> list[str]:
    """Return a note that names the remarks of the sessions used, such as a run on the processor."""
    remarks = sorted({remark for point in points for remark in point.remarks})
    return [f"{sum(remark in p.remarks for p in points)} of the sessions: {remark}" for remark in remarks]
