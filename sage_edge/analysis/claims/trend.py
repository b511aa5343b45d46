"""A quantity that is said to rise or fall over the sessions."""

from __future__ import annotations

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
from sage_edge.analysis.claims.schema import Level, TrendClaim
from sage_edge.analysis.series import values
from sage_edge.analysis.statistics import changes, power, trends
from sage_edge.analysis.statistics.trends import LEAST

_HALF = 1.959963984540054


def measure(claim: TrendClaim, asked: Level, source: SeriesSource, seed: int) -> Taken:
    """Return the slope per session, and where the level changes, if it does."""
    series = take(source, asked.of, claim.track, asked.sessions)
    points = series.points
    slopes = trends.trend([point.number for point in points], values(points), seed=seed)
    slope = slopes.mean_slope
    notes = [f"Kendall's tau = {slopes.tau:.3f}"] if slopes.tau is not None else []
    if slopes.slope.value is not None:
        notes.append(f"median slope (Theil-Sen) {slopes.slope.value:.4f}")
    if slopes.tau is not None:
        at = changes.change_points(values(points), seed=seed)
        notes += [f"the level changes at {points[place].label}" for place in at] or ["no change of level is seen"]
    outcome = reading(
        slope,
        slopes.chance,
        label=asked.label,
        measures="slope",
        unit="sessions",
        sessions=span(points),
        notes=(*notes, *resemblance(values(points)), *fallbacks(points)),
        scored_by=scored_by(series),
    )

    def needed(against: float) -> int | None:
        if slope.value is None or slope.low is None or slope.high is None or slope.high <= slope.low:
            return None
        gap = abs(slope.value - against)
        return power.for_slope(gap, (slope.high - slope.low) / (2 * _HALF), slope.n) if gap else None

    return Taken(outcome, points, needed, "sessions", least=LEAST, null=0.0, sides=(("", slope.n),))
