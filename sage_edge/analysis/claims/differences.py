"""Sessions that are said to lie apart from others: a run among its neighbours, or before against after."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from sage_edge.analysis.claims.measurement import (
    SeriesSource,
    Taken,
    fallbacks,
    reading,
    resemblance,
    scored_by,
    span,
    take,
    within,
)
from sage_edge.analysis.claims.schema import RunClaim, SessionRun, ShiftClaim, Sides
from sage_edge.analysis.series import Point, Series, values
from sage_edge.analysis.statistics import changes, effects
from sage_edge.analysis.statistics.effects import Effect
from sage_edge.analysis.statistics.estimate import Significance
from sage_edge.records.claim import Unit
from sage_edge.scorers.clustered import SessionTotal


def run(claim: RunClaim, asked: SessionRun, source: SeriesSource, seed: int) -> Taken:
    """Return how far a run of sessions lies from all others of the window, and how often chance makes such a run."""
    whole = take(source, asked.of, claim.track, asked.sessions)
    inside = within(whole, asked.run)
    seals = {point.seal for point in inside.points}
    others = whole.where(lambda point: point.seal not in seals)
    effect = effects.of_means(values(others.points), values(inside.points), seed=seed, pooled=True)
    chance = effect.chance
    if inside.points and others.points:
        start = next(at for at, point in enumerate(whole.points) if point.seal in seals)
        low = claim.comparison == "at-most"
        chance = changes.unusual_run(values(whole.points), start, len(inside.points), seed=seed, low=low)
    notes = [_told("others", effect.before, effect.n_before), _told("run", effect.after, effect.n_after)]
    notes += [f"{point.label}: {point.value:.3f}" for point in inside.points]
    notes += [*resemblance(values(whole.points)), *fallbacks(whole.points)]
    sessions = f"{span(inside.points)} of {span(whole.points)}"
    return _taken(asked.label, effect, chance, whole, sessions, "sessions", notes, ("outside the run", "in the run"))


def shift(claim: ShiftClaim, asked: Sides, source: SeriesSource, seed: int) -> Taken:
    """Return how far a quantity moved between two windows.

    Sessions are compared where both windows hold at least two, answers otherwise or where the claim counts answers.
    """
    before, after = (take(source, asked.of, claim.track, window) for window in (asked.before, asked.after))
    seals = {point.seal for point in before.points}
    later = [point for point in after.points if point.seal not in seals]
    whole = replace(before, points=(*before.points, *later))
    by_session = asked.count is None and min(len(before.points), len(after.points)) >= 2
    unit: Unit = "sessions" if by_session else "answers"
    if by_session:
        effect = effects.of_means(values(before.points), values(after.points), seed=seed)
        notes = resemblance(values(whole.points))
    else:
        effect = _answers(before, after, seed)
        alone = max(len(before.points), len(after.points)) < 2 or before.kind != "rate"
        notes = ["answers of one session are taken as independent"] if alone else []
    sides = [_told("before", effect.before, effect.n_before), _told("after", effect.after, effect.n_after)]
    sessions = f"{span(before.points)} against {span(after.points)}"
    notes = [*sides, *notes, *_worth(claim, effect, unit), *fallbacks(whole.points)]
    return _taken(asked.label, effect, effect.chance, whole, sessions, unit, notes, ("before", "after"))


def _answers(before: Series, after: Series, seed: int) -> Effect:
    if before.kind == "rate":
        return effects.of_session_rates(_totals(before.points), _totals(after.points), seed=seed)
    return effects.of_means(_marks(before.points), _marks(after.points), seed=seed)


def _totals(points: Sequence[Point]) -> list[SessionTotal]:
    return [SessionTotal(math.fsum(mark.value for mark in point.marks), len(point.marks)) for point in points]


def _marks(points: Sequence[Point]) -> list[float]:
    return [mark.value for point in points for mark in point.marks]


def _worth(claim: ShiftClaim, effect: Effect, unit: Unit) -> list[str]:
    """How many it takes to see a change as large as the one that was told."""
    needed = effect.needed(abs(claim.stated)) if claim.stated else None
    return [] if needed is None else [f"to see a change of {claim.stated:g} takes n >= {needed} {unit} on each side"]


def _told(side: str, value: float | None, n: int) -> str:
    return f"{side}: {'nothing' if value is None else f'{value:.3f}'}, n = {n}"


def _taken(
    label: str,
    effect: Effect,
    chance: Significance,
    whole: Series,
    sessions: str,
    unit: Unit,
    notes: Sequence[str],
    sides: tuple[str, str],
) -> Taken:
    difference = effect.difference
    outcome = reading(
        difference,
        chance,
        label=label,
        measures="difference",
        unit=unit,
        sessions=sessions,
        notes=notes,
        scored_by=scored_by(whole),
    )

    def needed(against: float) -> int | None:
        gap = None if difference.value is None else abs(difference.value - against)
        return effect.needed(gap) if gap else None

    each = f"{unit} on each side"
    counts = tuple(zip(sides, (effect.n_before, effect.n_after), strict=True))
    return Taken(outcome, whole.points, needed, each, least=2, null=0.0, sides=counts)
