"""Values over session numbers: trajectories with their phases, and the gaps between sessions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, MaxNLocator

from sage_edge.analysis.plots.canvas import (
    BAND,
    COLOURS,
    FAINT,
    INK,
    MARKERS,
    WIDTH,
    Margins,
    legend,
    legend_rows,
    plain,
    svg,
)

LINES = 12
"""More changes than these are ticks below the panel: lines that close hide what they stand beside."""

CROWD = 100
"""More points than these are drawn smaller."""


@dataclass(frozen=True)
class Curve:
    """Values over session numbers, each with its interval or None; x ascends. At most four to a picture.

    step: how far apart neighbours are; where more is between two, there is no line: sessions are missing there.
    """

    name: str
    at: Sequence[float]
    values: Sequence[float]
    low: Sequence[float | None] = ()
    high: Sequence[float | None] = ()
    step: float = 1


@dataclass(frozen=True)
class Span:
    """A stretch of sessions, both ends in it, with a name."""

    first: float
    last: float
    name: str


def trajectory(
    key: str,
    alt: str,
    curves: Sequence[Curve],
    spans: Sequence[Span] = (),
    marks: Sequence[float] = (),
    track: str = "",
) -> str:
    """Return a panel for each curve, one below the other over the same session numbers.

    Phases are bands; where something changed (marks) stands a numbered line, from 1 on, or a tick of many.
    """

    def draw(figure: Figure) -> None:
        panels = figure.subplots(len(curves), 1, squeeze=False)[:, 0]
        first, last = _ends(curves)
        for axes in panels[:-1]:
            axes.set_xticks(())  # the numbers stand below the last; a tick that nobody reads costs as much as a curve
        for index, (axes, curve) in enumerate(zip(panels, curves, strict=True)):
            axes.set_xlim(first - 0.7, last + 0.7)
            axes.set_ylim(-0.04, 1.22 if 0 < len(marks) <= LINES and index == len(curves) - 1 else 1.04)
            axes.set_yticks((0, 0.5, 1))
            _bands(axes, spans, last - first + 1.4, named=index == 0)
            _changes(axes, marks, numbered=index == len(curves) - 1)
            _curve(axes, curve, index)
            colour, pad = COLOURS[index % len(COLOURS)], 12 if spans and index == 0 else 3
            axes.set_title(plain(curve.name), fontsize=8.5, loc="left", color=colour, pad=pad)
        panels[-1].xaxis.set_major_locator(MaxNLocator(8, integer=True))
        panels[-1].set_xlabel(f"session number{f', {plain(track)} track' if track else ''}")

    panels = max(1, len(curves))
    margins = Margins(left=0.38, top=0.36 if spans else 0.24, between=0.24)
    return svg(key, alt, draw, margins, margins.top + margins.bottom + 1.15 * panels - 0.24, panels)


def gaps(
    key: str, alt: str, names: Sequence[str], all_points: Sequence[Sequence[tuple[float, float]]], usual_h: float
) -> str:
    """Return the hours between a session and the one before it, over session numbers, one series for each name.

    Hours are on a scale that is even near 0 and logarithmic beyond one hour.
    """

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        axes.axhline(usual_h, color=FAINT, linewidth=0.9, linestyle=(0, (4, 2)), zorder=1)
        for index, (name, points) in enumerate(zip(names, all_points, strict=True)):
            axes.plot(
                [x for x, _ in points],
                [y for _, y in points],
                MARKERS[index],
                color=COLOURS[index],
                alpha=0.75,
                linestyle="none",
                label=plain(name),
            )
        most = max((y for points in all_points for _, y in points), default=usual_h)
        axes.set_yscale("symlog", linthresh=1.0)
        ticks = [hours for hours in (0, 1, 3, 6, 12, 24, 72, 168, 720, 8760) if hours <= max(most * 1.3, 13)]
        axes.yaxis.set_major_locator(FixedLocator(ticks))
        axes.yaxis.set_minor_locator(FixedLocator([]))
        axes.set_yticklabels([_hours(hours) for hours in ticks])
        axes.set_ylim(-0.2, max(most * 1.4, 13))
        axes.xaxis.set_major_locator(MaxNLocator(8, integer=True))
        axes.set_xlabel("session number")
        axes.set_ylabel("since the one before")
        legend(axes, names)

    return svg(key, alt, draw, Margins(top=0.1 + 0.2 * legend_rows(names), left=0.62), height=2.9)


def _hours(hours: int) -> str:
    return f"{hours} h" if hours < 24 else f"{hours // 24} d"


def _ends(curves: Sequence[Curve]) -> tuple[float, float]:
    at = [x for curve in curves for x in curve.at] or [1.0]
    return min(at), max(at)


def _curve(axes: Axes, curve: Curve, index: int) -> None:
    colour, marker = COLOURS[index % len(COLOURS)], MARKERS[index % len(MARKERS)]
    ends = zip(curve.at, curve.low, curve.high, strict=False)
    bars = [(x, low, high) for x, low, high in ends if low is not None and high is not None]
    axes.plot(  # one path with gaps, not one for each bar: a tenth of the bytes
        [place for x, _, _ in bars for place in (x, x, math.nan)],
        [end for _, low, high in bars for end in (low, high, math.nan)],
        color=colour,
        alpha=0.25,
        linewidth=1.6,
        solid_capstyle="butt",
    )
    axes.plot(*_broken(curve), color=colour, linewidth=0.8, alpha=0.55)
    size = 3.5 if len(curve.at) <= CROWD else 2.0
    axes.plot(curve.at, curve.values, marker, color=colour, markersize=size, clip_on=False)


def _broken(curve: Curve) -> tuple[list[float], list[float]]:
    """The line through the values, interrupted wherever sessions are missing."""
    at, values = list(curve.at[:1]), list(curve.values[:1])
    for earlier, place, value in zip(curve.at, curve.at[1:], curve.values[1:], strict=False):
        if place - earlier > 1.5 * curve.step:
            at.append(math.nan)
            values.append(math.nan)
        at.append(place)
        values.append(value)
    return at, values


def _changes(axes: Axes, marks: Sequence[float], *, numbered: bool) -> None:
    if len(marks) > LINES:
        ticks = [place - 0.5 for place in marks]
        axes.plot(
            ticks, [-0.04] * len(ticks), "|", color=INK, markersize=5, markeredgewidth=0.7, clip_on=False, zorder=1
        )
        return
    for number, at in enumerate(marks, start=1):
        axes.axvline(at - 0.5, color=FAINT, linewidth=0.8, linestyle=(0, (2, 2)), zorder=1)
        if numbered:  # above the data, neighbours at two heights, so that nothing covers anything
            axes.annotate(
                str(number),
                (at - 0.5, 1.06 + 0.08 * (number % 2)),
                (2, 0),
                textcoords="offset points",
                fontsize=7,
                color=INK,
                ha="left",
                va="center",
            )


def _bands(axes: Axes, spans: Sequence[Span], width: float, *, named: bool) -> None:
    """Shade the phases; above the panel stand the names that fit there."""
    per_session = WIDTH * 72 * 0.88 / max(width, 1.0)
    for index, span in enumerate(spans):
        left, right = span.first - 0.5, span.last + 0.5
        axes.axvspan(left, right, color=BAND, alpha=1.0 if index % 2 == 0 else 0.35, linewidth=0, zorder=0)
        name = plain(span.name, 24)
        if named and (right - left) * per_session >= 4.0 * len(name):
            axes.annotate(
                name,
                ((left + right) / 2, 1.0),
                (0, 1),
                xycoords=("data", "axes fraction"),
                fontsize=7.5,
                color=FAINT,
                textcoords="offset points",
                ha="center",
                va="bottom",
            )
