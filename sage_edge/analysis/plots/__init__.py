"""Pictures as inline SVG, and the only door to matplotlib.

Every function returns one `<svg>` element that needs nothing around it: text stays text in the page's own font, colours
are CSS variables with a fallback (a page may redefine `--ink`, `--faint`, `--band`, `--c1` … `--c4` for the dark), no
script, no link, no date. The same input gives the same bytes. `key` names a picture within its page: all ids begin
with it. Text of others is made plain first; what it draws is a shape, never markup.
"""

from __future__ import annotations

from sage_edge.analysis.plots.canvas import plain
from sage_edge.analysis.plots.curves import LINES, Curve, Span, gaps, trajectory
from sage_edge.analysis.plots.forest import ForestPanel, ForestRow, forest
from sage_edge.analysis.plots.growth import FittedCurve, SizedPoint, growth
from sage_edge.analysis.plots.shapes import Cloud, DotRow, bars, dots, histogram, scatter

__all__ = [
    "LINES",
    "Cloud",
    "Curve",
    "DotRow",
    "FittedCurve",
    "ForestPanel",
    "ForestRow",
    "SizedPoint",
    "Span",
    "bars",
    "dots",
    "forest",
    "gaps",
    "growth",
    "histogram",
    "plain",
    "scatter",
    "trajectory",
]
