"""The sheet that every picture is drawn on: its style, its margins, and how it becomes one `<svg>` element."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

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
class Margins:
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


def svg(key: str, alt: str, draw: Callable[[Figure], None], margins: Margins, height: float, panels: int = 1) -> str:
    """Return what is drawn on a sheet of that height as an `<svg>` element; the same input gives the same bytes."""
    with mpl.rc_context({**_STYLE, "svg.hashsalt": key}):
        figure = Figure(figsize=(WIDTH, height))
        draw(figure)
        margins.apply(figure, panels)
        held = io.StringIO()
        figure.savefig(held, format="svg", metadata=_NAMELESS)
    return inlined(held.getvalue(), key, plain(alt, 200), _VARIABLES)


def plain(text: str, longest: int = 40) -> str:
    """Return text that can be drawn: printable ASCII and a few signs, one line, cut to `longest` characters."""
    kept = "".join(c if (c.isascii() and c.isprintable()) or c in "–·×≥≤±→" else "?" for c in text)
    return kept if len(kept) <= longest else kept[: longest - 1] + "…"


def legend(axes: Axes, names: Sequence[str]) -> None:
    """Name the series above the axes, from the left edge of the picture on."""
    left, columns = (-0.02, 4) if legend_rows(names) == 1 else (-0.25, 2)
    spacing = {"borderpad": 0.2, "handletextpad": 0.3, "columnspacing": 1.2}
    axes.legend(loc="lower left", bbox_to_anchor=(left, 1.0), ncols=columns, fontsize=8, **spacing)


def legend_rows(names: Sequence[str]) -> int:
    """How many lines a legend takes."""
    return 1 if sum(map(len, names)) + 7 * len(names) < 70 else (len(names) + 1) // 2
