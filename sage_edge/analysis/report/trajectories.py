"""Each scorer over the sessions: a picture, and a line for every quantity of it."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from sage_edge import scorers
from sage_edge.analysis import plots
from sage_edge.analysis.report import glossary
from sage_edge.analysis.report.blocks import (
    Cell,
    Figure,
    NumberCell,
    Paragraphs,
    Section,
    Table,
    chance,
    joined,
)
from sage_edge.analysis.report.content import SEED, ReportContent, of_track
from sage_edge.analysis.series import Point, Series, values
from sage_edge.analysis.statistics import corrections, means, trends
from sage_edge.names import Track
from sage_edge.scorers import mean_interval, wilson
from sage_edge.sizes import counted

DRAWN = {"raising": ("d5", "d9", "coherence")}
"""What is drawn of a scorer with many quantities; the table has them all."""

PANELS = 3
POINTS = 200
"""More sessions than these are drawn, and tested for a trend, as means of as many blocks of neighbours."""


@dataclass(frozen=True)
class CurvePoint:
    """Neighbouring sessions as one point of a picture."""

    number: float
    value: float
    low: float | None
    high: float | None


def sections(content: ReportContent) -> Iterator[Section]:
    """Yield the trajectories of each kind of session."""
    for track in sorted({series.track for series in content.series}):
        series = of_track(content.series, track)
        if any(line.points for line in series):
            yield _section(series, track, _pictured(content, series))


def blocks(series: Series) -> tuple[CurvePoint, ...]:
    """Return the points of a series as they are drawn: sessions, or blocks of neighbours where there are too many."""
    points = series.points
    size = math.ceil(len(points) / POINTS)
    if size <= 1:
        return tuple(CurvePoint(point.number, point.value, *interval(series, point)) for point in points)
    pieces = [points[at : at + size] for at in range(0, len(points), size)]
    return tuple(_block(piece) for piece in pieces)


def _block(piece: Sequence[Point]) -> CurvePoint:
    scores = values(piece)
    low, high = mean_interval(scores)
    return CurvePoint(
        math.fsum(point.number for point in piece) / len(piece), math.fsum(scores) / len(scores), low, high
    )


def interval(series: Series, point: Point) -> tuple[float | None, float | None]:
    """Return the 95 % interval of a session's own value; (None, None) where one session cannot have one."""
    given = [mark.value for mark in point.marks]
    if series.kind == "whole" or not given:
        return None, None
    return wilson(round(sum(given)), len(given)) if series.kind == "rate" else mean_interval(given)


def spans(points: Sequence[Point]) -> tuple[plots.Span, ...]:
    """Return the runs of sessions with the same unit, as bands."""
    runs = [(unit, list(run)) for unit, run in itertools.groupby(points, key=lambda point: point.unit)]
    return tuple(plots.Span(run[0].number, run[-1].number, unit.removeprefix("phase ")) for unit, run in runs)


def changes(points: Sequence[Point]) -> tuple[Point, ...]:
    """Return the sessions whose intervention is not that of the session before."""
    return tuple(other for earlier, other in itertools.pairwise(points) if earlier.intervention != other.intervention)


def _pictured(content: ReportContent, series: Sequence[Series]) -> tuple[Series, ...]:
    """What is drawn: the newest version of each scorer, and the older system's rules where sessions of it are here."""
    measured = [line for line in series if line.points]
    newest = {line.scorer: max(other.version for other in measured if other.scorer == line.scorer) for line in measured}
    older = {scorer.id for scorer in scorers.LEGACY}
    if any(session.header.provenance == "legacy" for session in content.sessions):
        older = set()
    return tuple(line for line in measured if line.version == newest[line.scorer] and line.scorer not in older)


def _section(series: Sequence[Series], track: Track, pictured: Sequence[Series]) -> Section:
    measured = [line for line in series if line.points]
    silent = [line.name for line in series if not line.points]
    longest = max(measured, key=lambda line: len(line.points)).points
    rules = counted(len({line.scorer for line in measured}), "scorer")
    lead = f"{rules} over {counted(len({p.seal for line in measured for p in line.points}), 'session')}."
    if silent:
        lead += f" There was nothing to measure for {joined(silent)}."
    title = f"Trajectories of the {track} track"
    legend = [*_legend(longest)]
    if len({line.scorer for line in pictured}) < len({(line.scorer, line.version) for line in measured}):
        legend.append("Earlier versions of these rules, and rules of the older system, are in the table alone.")
    figures = _figures(pictured, longest, track)
    return Section(f"trajectories-{track}", title, lead, (Paragraphs(tuple(legend)), *figures, _table(measured)))


def _legend(points: Sequence[Point]) -> Iterator[str]:
    """What bands, lines and bars stand for, once for all pictures of a track."""
    size = math.ceil(len(points) / POINTS)
    if size > 1:
        yield f"Each point is the mean of {size} sessions, each bar its 95 % interval."
    else:
        yield (
            "Each point is a session, each bar its 95 % interval. A session has few answers, so bars are long: a "
            "single point says little."
        )
    bands, turned = spans(points), changes(points)
    if 1 < len(bands) <= plots.LINES:
        yield f"Shaded, by unit: {joined([f'{band.name} {band.first:g} to {band.last:g}' for band in bands])}."
    if len(turned) > plots.LINES:
        yield f"Ticks below each picture: the intervention changed there ({len(turned)} times)."
    elif turned:
        legend = joined(
            [f"{number} from {point.label} on {point.intervention}" for number, point in enumerate(turned, 1)]
        )
        yield f"Dashed lines, where the intervention changed: {legend}."


def _figures(series: Sequence[Series], points: Sequence[Point], track: Track) -> Iterator[Figure]:
    bands, turned = spans(points), changes(points)
    marks = [point.number for point in turned]
    for (scorer, version), group in itertools.groupby(series, key=lambda line: (line.scorer, line.version)):
        of_scorer = list(group)
        wanted = DRAWN.get(scorer, ())
        drawn = [line for line in of_scorer if line.quantity in wanted or not wanted][:PANELS]
        names = joined([line.name for line in drawn])
        curves = [_curve(line) for line in drawn]
        picture = partial(
            plots.trajectory, f"{track}-{scorer}-{version}", f"{names} by session", curves, bands, marks, track
        )
        caption = f"{names}, n = {counted(len(drawn[0].points), 'session')}. {glossary.meaning(scorer, version)}"
        yield Figure(picture, caption)


def _curve(series: Series) -> plots.Curve:
    shown = blocks(series)
    return plots.Curve(
        series.name,
        [block.number for block in shown],
        [block.value for block in shown],
        [block.low for block in shown],
        [block.high for block in shown],
        step=math.ceil(len(series.points) / POINTS) or 1,
    )


def _table(series: Sequence[Series]) -> Table:
    drawn = [blocks(line) for line in series]
    tested = [trends.trend([round(b.number) for b in row], [b.value for b in row], seed=SEED) for row in drawn]
    adjusted = corrections.holm([trend.chance.p for trend in tested])
    rows: list[tuple[Cell, ...]] = []
    for line, trend, p in zip(series, tested, adjusted, strict=True):
        mean = NumberCell(means.mean(values(line.points), seed=SEED), line.name)
        answers = sum(len(point.marks) for point in line.points)
        tau = "none" if trend.tau is None else f"{trend.tau:+.2f}"
        rows.append((line.name, mean, str(answers), tau, chance(p, trend.chance.undefined)))
    note = (
        "Mean of the sessions' values with a bootstrap interval, n in sessions. Trend: Kendall's tau with the session "
        f"number, p adjusted for the {counted(len(series), 'test')} of this table (Holm)."
    )
    heads = ("scorer and quantity", "mean (95 % interval)", "marks", "trend tau", "p")
    return Table(heads, tuple(rows), note, folded=f"All {len(rows)} numbers")
