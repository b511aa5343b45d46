"""Pictures as inline SVG, and the only door to matplotlib.

Every function returns one `<svg>` element that needs nothing around it: text stays text in the page's own font, colours
are CSS variables with a fallback (a page may redefine `--ink`, `--faint`, `--band`, `--c1` … `--c4` for the dark), no
script, no link, no date. The same input gives the same bytes. `key` names a picture within its page: all ids begin
with it. Text of others is made plain first; what it draws is a shape, never markup.
"""

from __future__ import annotations

import io
import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, MaxNLocator, PercentFormatter

from sage_edge.analysis.svg_inline import inlined

INK, FAINT, BAND, PAPER = "#1b1f24", "#8b949e", "#eef1f5", "#fefefd"
COLOURS = ("#0b62a8", "#c2510c", "#12805c", "#8a3f8f")
"""Told apart by people who see few colours, and in grey; each has a marker of its own as well."""
MARKERS = "osD^"
_VARIABLES = {
    INK: "ink",
    FAINT: "faint",
    BAND: "band",
    PAPER: "paper",
    **{c: f"c{i}" for i, c in enumerate(COLOURS, 1)},
}

CROWD = 100
"""More points than these are drawn smaller."""

WIDTH = 5.2
"""Inches: as wide as a phone shows without making the letters small."""

_STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "text.parse_math": False,
    "axes.unicode_minus": False,
    "font.size": 9.0,
    "font.family": ["DejaVu Sans"],
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": FAINT,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.facecolor": "none",
    "figure.facecolor": "none",
    "savefig.facecolor": "none",
    "axes.grid": False,
    "legend.frameon": False,
    "lines.linewidth": 1.2,
    "lines.markersize": 3.5,
}
_NAMELESS = {"Date": None, "Creator": None, "Format": None, "Type": None}


@dataclass(frozen=True)
class Curve:
    """Values over session numbers, each with its interval or None; x ascends. At most four to a picture."""

    name: str
    at: Sequence[float]
    values: Sequence[float]
    low: Sequence[float | None] = ()
    high: Sequence[float | None] = ()


@dataclass(frozen=True)
class Span:
    """A stretch of sessions, both ends in it, with a name."""

    first: float
    last: float
    name: str


@dataclass(frozen=True)
class Cloud:
    """One panel of points: `at[i]` and `values[i]` belong together. note: what is written below its title."""

    title: str
    at: Sequence[float]
    values: Sequence[float]
    note: str = ""


@dataclass(frozen=True)
class DotRow:
    """One line of a dot plot: for each series a value with its interval, or None."""

    name: str
    dots: Sequence[tuple[float, float, float] | None]


def trajectory(
    key: str,
    alt: str,
    curves: Sequence[Curve],
    spans: Sequence[Span] = (),
    marks: Sequence[float] = (),
    track: str = "",
) -> str:
    """Return a panel for each curve, one below the other over the same session numbers.

    Phases are bands; where something changed (marks) stands a numbered line, from 1 on.
    """

    def draw(figure: Figure) -> None:
        panels = figure.subplots(len(curves), 1, sharex=True, squeeze=False)[:, 0]
        first, last = _ends(curves)
        for index, (axes, curve) in enumerate(zip(panels, curves, strict=True)):
            axes.set_xlim(first - 0.7, last + 0.7)
            axes.set_ylim(-0.04, 1.22 if marks and index == len(curves) - 1 else 1.04)
            axes.set_yticks((0, 0.5, 1))
            _bands(axes, spans, last - first + 1.4, named=index == 0)
            _changes(axes, marks, numbered=index == len(curves) - 1)
            _curve(axes, curve, index)
            colour, pad = COLOURS[index % len(COLOURS)], 12 if spans and index == 0 else 3
            axes.set_title(plain(curve.name), fontsize=8.5, loc="left", color=colour, pad=pad)
        panels[-1].xaxis.set_major_locator(MaxNLocator(8, integer=True))
        panels[-1].set_xlabel(f"session number{f', {plain(track)} track' if track else ''}")

    panels = max(1, len(curves))
    margins = _Margins(left=0.38, top=0.36 if spans else 0.24, between=0.24)
    return _svg(key, alt, draw, margins, margins.top + margins.bottom + 1.15 * panels - 0.24, panels)


def scatter(key: str, alt: str, clouds: Sequence[Cloud], across: str, up: str) -> str:
    """Return panels of points beside each other on the same scale; points that coincide grow."""

    def draw(figure: Figure) -> None:
        panels = figure.subplots(1, len(clouds), sharex=True, sharey=True, squeeze=False)[0]
        values = [value for cloud in clouds for value in (*cloud.at, *cloud.values)] or [0.0, 1.0]
        low, high = max(0.0, min(values) - 0.08), min(1.0, max(values) + 0.08)
        for index, (axes, cloud) in enumerate(zip(panels, clouds, strict=True)):
            counts = Counter((round(x, 9), round(y, 9)) for x, y in zip(cloud.at, cloud.values, strict=True))
            places = sorted(counts)
            axes.scatter(
                [x for x, _ in places],
                [y for _, y in places],
                s=[16 * counts[place] for place in places],
                color=COLOURS[index],
                alpha=0.65,
                marker=MARKERS[index],
                linewidths=0,
            )
            axes.set_xlim(low, high)
            axes.set_ylim(low, high)
            axes.set_aspect("equal")
            axes.xaxis.set_major_locator(MaxNLocator(4))
            axes.yaxis.set_major_locator(MaxNLocator(4))
            axes.set_xlabel(plain(across))
            axes.set_title(f"{plain(cloud.title)}\n{plain(cloud.note)}", fontsize=8.5, loc="left", color=INK)
        panels[0].set_ylabel(plain(up))

    return _svg(key, alt, draw, _Margins(top=0.45, left=0.62), height=3.05)


def histogram(key: str, alt: str, values: Sequence[float], across: str, centres: Sequence[float] = ()) -> str:
    """Return how many sessions have which value: bins 0.05 wide around 0, 0.05, …, 1; `centres` are drawn as lines."""

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        # 0.7 and 0.7 computed in another order are one value, and values lie in the middle of a bin, not on its edge
        rounded, edges = [round(value, 9) for value in values], [i / 20 - 0.025 for i in range(22)]
        axes.hist(rounded, bins=edges, color=COLOURS[0], alpha=0.75, rwidth=0.9)
        for centre in centres:
            axes.axvline(centre, color=COLOURS[1], linestyle=(0, (4, 2)))
        axes.set_xlim(-0.04, 1.04)
        axes.yaxis.set_major_locator(MaxNLocator(5, integer=True))
        axes.set_xlabel(plain(across))
        axes.set_ylabel("sessions")

    return _svg(key, alt, draw, _Margins(), height=2.3)


def dots(key: str, alt: str, names: Sequence[str], rows: Sequence[DotRow]) -> str:
    """Return a line for each row with a dot and its interval for each named series, the first row on top."""

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        for index, name in enumerate(names):
            shown = [(at, row.dots[index]) for at, row in enumerate(rows)]
            at = [place + 0.2 * (index - (len(names) - 1) / 2) for place, dot in shown if dot is not None]
            dots = [dot for _, dot in shown if dot is not None]
            errors = [[v - low for v, low, _ in dots], [high - v for v, _, high in dots]]
            axes.errorbar(
                [v for v, _, _ in dots],
                at,
                xerr=errors,
                fmt=MARKERS[index],
                color=COLOURS[index],
                elinewidth=0.9,
                label=plain(name),
            )
        axes.set_yticks(range(len(rows)), [plain(row.name, 22) for row in rows])
        axes.set_ylim(max(1, len(rows)) - 0.5, -0.5)
        axes.set_xlim(-0.03, 1.03)
        axes.xaxis.set_major_formatter(PercentFormatter(1.0))
        axes.grid(axis="x", color=BAND)
        axes.tick_params(axis="y", length=0)
        axes.set_xlabel("passed, with 95 % interval")
        _legend(axes, names)

    margins = _Margins(left=1.25, top=0.1 + 0.2 * _rows(names), right=0.2)
    return _svg(key, alt, draw, margins, margins.top + margins.bottom + 0.36 * max(1, len(rows)))


def bars(key: str, alt: str, names: Sequence[str], parts: Sequence[tuple[float, float, float] | None], up: str) -> str:
    """Return a bar for each name, a share with its interval; None stands for nothing counted."""

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        known = [(place, part) for place, part in enumerate(parts) if part is not None]
        errors = [[v - low for _, (v, low, _) in known], [high - v for _, (v, _, high) in known]]
        axes.bar([place for place, _ in known], [v for _, (v, _, _) in known], color=COLOURS[0], alpha=0.75, width=0.7)
        axes.errorbar(
            [place for place, _ in known],
            [v for _, (v, _, _) in known],
            yerr=errors,
            fmt="none",
            color=INK,
            ecolor=INK,
            elinewidth=0.9,
            capsize=2.5,
        )
        axes.set_xticks(range(len(names)), [name.replace("; ", "\n") for name in map(plain, names)], fontsize=8)
        axes.set_xlim(-0.6, len(names) - 0.4)
        axes.set_ylim(0, 1.02)
        axes.yaxis.set_major_formatter(PercentFormatter(1.0))
        axes.set_ylabel(plain(up))

    return _svg(key, alt, draw, _Margins(left=0.62), height=2.5)


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
        _legend(axes, names)

    return _svg(key, alt, draw, _Margins(top=0.1 + 0.2 * _rows(names), left=0.62), height=2.9)


def plain(text: str, longest: int = 40) -> str:
    """Return text that can be drawn: printable ASCII and a few signs, one line, cut to `longest` characters."""
    kept = "".join(c if (c.isascii() and c.isprintable()) or c in "–·×≥≤±→" else "?" for c in text)
    return kept if len(kept) <= longest else kept[: longest - 1] + "…"


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
    axes.plot(curve.at, curve.values, color=colour, linewidth=0.8, alpha=0.55)
    size = 3.5 if len(curve.at) <= CROWD else 2.0
    axes.plot(curve.at, curve.values, marker, color=colour, markersize=size, clip_on=False)


def _changes(axes: Axes, marks: Sequence[float], *, numbered: bool) -> None:
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


def _legend(axes: Axes, names: Sequence[str]) -> None:
    """Name the series above the axes, from the left edge of the picture on."""
    left, columns = (-0.02, 4) if _rows(names) == 1 else (-0.25, 2)
    spacing = {"borderpad": 0.2, "handletextpad": 0.3, "columnspacing": 1.2}
    axes.legend(loc="lower left", bbox_to_anchor=(left, 1.0), ncols=columns, fontsize=8, **spacing)


def _rows(names: Sequence[str]) -> int:
    """How many lines a legend takes."""
    return 1 if sum(map(len, names)) + 7 * len(names) < 70 else (len(names) + 1) // 2


@dataclass(frozen=True)
class _Margins:
    """Inches around the axes. Fixed: to measure every text and shift the axes takes three times as long."""

    left: float = 0.55
    right: float = 0.1
    top: float = 0.1
    bottom: float = 0.45
    between: float = 0.0

    def apply(self, figure: Figure, panels: int) -> None:
        width, height = figure.get_size_inches()
        inside = (height - self.top - self.bottom - self.between * (panels - 1)) / panels
        figure.subplots_adjust(
            left=self.left / width,
            right=1 - self.right / width,
            top=1 - self.top / height,
            bottom=self.bottom / height,
            hspace=self.between / inside,
            wspace=0.12,
        )


def _svg(key: str, alt: str, draw: Callable[[Figure], None], margins: _Margins, height: float, panels: int = 1) -> str:
    with mpl.rc_context({**_STYLE, "svg.hashsalt": key}):
        figure = Figure(figsize=(WIDTH, height))
        draw(figure)
        margins.apply(figure, panels)
        held = io.StringIO()
        figure.savefig(held, format="svg", metadata=_NAMELESS)
    return inlined(held.getvalue(), key, plain(alt, 200), _VARIABLES)
