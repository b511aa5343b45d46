"""Two quantities that are said to move together."""

from __future__ import annotations

from collections.abc import Sequence

from sage_edge.analysis.claims.measurement import (
    SeriesSource,
    Taken,
    fallbacks,
    reading,
    resemblance,
    scored_by,
    span,
    take,
)
from sage_edge.analysis.claims.schema import CouplingClaim, QuantityPair
from sage_edge.analysis.series import Point, followed, paired
from sage_edge.analysis.statistics import coupling, power

INFLUENCE = 0.1
"""A session whose absence moves r by so much is named."""

COARSE = 3
"""A score with fewer different values than a third of its sessions is named."""


def measure(claim: CouplingClaim, asked: QuantityPair, source: SeriesSource, seed: int) -> Taken:
    """Return Pearson's r between two quantities of the same sessions, or of each session and the one that followed."""
    first, second = (
        take(source, asked.x, claim.track, asked.sessions),
        take(source, asked.y, claim.then or claim.track, asked.sessions),
    )
    pairs = paired(first, second) if claim.then is None else followed(first, second)
    points = [point for point, _ in pairs]
    x, y = [left.value for left, _ in pairs], [right.value for _, right in pairs]
    r, chance = coupling.pearson(x, y), coupling.permuted(x, y, seed=seed)
    outcome = reading(
        r,
        chance,
        label=asked.label,
        measures="correlation",
        unit="sessions",
        sessions=span(points),
        notes=_notes(points, x, y) if r.value is not None else (),
        scored_by=scored_by(first, second),
    )

    def needed(against: float) -> int | None:
        return None if r.value is None else _needed(r.value, against)

    return Taken(outcome, tuple(points), needed, "sessions", least=4, null=0.0, sides=(("", r.n),))


def _needed(r: float, against: float) -> int | None:
    inside = min(max(r, -0.999), 0.999)
    return None if inside == against else power.for_correlation(inside, against)


def _notes(points: Sequence[Point], x: list[float], y: list[float]) -> list[str]:
    ranks = coupling.spearman(x, y)
    notes = [f"by rank: Spearman's rho = {ranks.value:.3f}"] if ranks.value is not None else []
    for name, values in (("the first", x), ("the second", y)):
        distinct = len({round(value, 9) for value in values})
        if distinct * COARSE < len(values) or distinct < 5:
            notes.append(f"{name} takes {distinct} different values")
    return [*notes, *_influence(points, x, y), *resemblance(x), *fallbacks(points)]


def _influence(points: Sequence[Point], x: list[float], y: list[float]) -> list[str]:
    """Name the session that matters most, if r stands or falls with it."""
    whole = coupling.pearson(x, y).value
    if whole is None or len(x) < 5:
        return []
    without = coupling.without_each(x, y)
    moved = [(abs(value - whole), at, value) for at, value in enumerate(without) if value is not None]
    if len(moved) < len(x):
        return [f"without {points[without.index(None)].label} a score does not vary, and there is no r"]
    most, at, value = max(moved)
    return [f"without {points[at].label} alone r = {value:.3f}"] if most >= INFLUENCE else []
