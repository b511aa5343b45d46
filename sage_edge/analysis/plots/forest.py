"""A forest plot: what each thing that was tried came to, with its interval, one line below the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from sage_edge.analysis.plots.canvas import BAND, COLOURS, FAINT, MARKERS, Margins, plain, svg

LONGEST_NAME = 38


@dataclass(frozen=True)
class ForestRow:
    """One line: a value between the ends of its interval."""

    name: str
    value: float
    low: float
    high: float


@dataclass(frozen=True)
class ForestPanel:
    """Lines on one scale. matters: the stretch around nothing in which a difference does not matter; None: no such."""

    title: str
    rows: Sequence[ForestRow]
    ends: tuple[float, float]
    matters: float | None = None


def forest(key: str, alt: str, panels: Sequence[ForestPanel]) -> str:
    """Return the panels below each other, each with a scale of its own, the first line of each on top."""
    heights = [len(panel.rows) for panel in panels]

    def draw(figure: Figure) -> None:
        axes = figure.subplots(len(panels), 1, squeeze=False, gridspec_kw={"height_ratios": heights})[:, 0]
        for index, (place, panel) in enumerate(zip(axes, panels, strict=True)):
            _panel(place, panel, index)

    margins = Margins(left=2.35, top=0.3, right=0.15, between=0.75)
    height = margins.top + margins.bottom + 0.3 * sum(heights) + margins.between * (len(panels) - 1)
    return svg(key, alt, draw, margins, height, len(panels))


def _panel(axes: Axes, panel: ForestPanel, index: int) -> None:
    rows = panel.rows
    if panel.matters is not None:
        axes.axvspan(-panel.matters, panel.matters, color=BAND, linewidth=0, zorder=0)
        axes.axvline(0, color=FAINT, linewidth=0.8, zorder=1)
    axes.errorbar(
        [row.value for row in rows],
        range(len(rows)),
        xerr=[[row.value - row.low for row in rows], [row.high - row.value for row in rows]],
        fmt=MARKERS[index % len(MARKERS)],
        color=COLOURS[index % len(COLOURS)],
        elinewidth=1.4,
        capsize=2.5,
    )
    axes.set_yticks(range(len(rows)), [plain(row.name, LONGEST_NAME) for row in rows], fontsize=8)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_xlim(*panel.ends)
    axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.tick_params(axis="y", length=0)
    axes.set_title(plain(panel.title, 60), fontsize=8.5, loc="left", x=-0.7)
