"""Times over sizes, both in logarithms, with the laws that were fitted to them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, LogFormatter, NullLocator

from sage_edge.analysis.plots.canvas import COLOURS, INK, MARKERS, Margins, legend, plain, svg


@dataclass(frozen=True)
class SizedPoint:
    """One size with what it takes, both over 0. derived: it was not measured, but follows from others."""

    name: str
    size: float
    took: float
    derived: bool = False


@dataclass(frozen=True)
class FittedCurve:
    """A law by name. at: what it gives to a size."""

    name: str
    at: Callable[[float], float | None]


def growth(
    key: str, alt: str, points: Sequence[SizedPoint], curves: Sequence[FittedCurve], labels: tuple[str, str]
) -> str:
    """Return a panel of some sizes with at most four laws. labels: of both directions, with their units."""

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        axes.set_xscale("log")
        axes.set_yscale("log")
        sizes = [point.size for point in points]
        along = np.geomspace(min(sizes) * 0.8, max(sizes) * 1.25, 60)
        for number, curve in enumerate(curves):
            there = [(float(x), y) for x in along if (y := curve.at(float(x))) is not None and y > 0]
            axes.plot([x for x, _ in there], [y for _, y in there], color=COLOURS[number], label=plain(curve.name))
        for point in points:
            filled = "none" if point.derived else INK
            axes.plot([point.size], [point.took], MARKERS[0], color=INK, markerfacecolor=filled, markersize=5)
        axes.xaxis.set_major_locator(FixedLocator(sizes))
        axes.xaxis.set_minor_locator(NullLocator())
        axes.set_xticklabels([plain(point.name, 12) for point in points])
        axes.yaxis.set_major_formatter(LogFormatter(labelOnlyBase=False))
        axes.set_xlabel(plain(labels[0], 60))
        axes.set_ylabel(plain(labels[1], 60))
        if curves:
            legend(axes, [curve.name for curve in curves])

    return svg(key, alt, draw, Margins(left=0.75, top=0.35), 3.2)
