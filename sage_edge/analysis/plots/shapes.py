"""How values lie: clouds of points, a histogram, shares as bars and as dots."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from sage_edge.analysis.plots.canvas import BAND, COLOURS, INK, MARKERS, Margins, legend, legend_rows, plain, svg


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

    return svg(key, alt, draw, Margins(top=0.45, left=0.62), height=3.05)


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

    return svg(key, alt, draw, Margins(), height=2.3)


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
        legend(axes, names)

    margins = Margins(left=1.25, top=0.1 + 0.2 * legend_rows(names), right=0.2)
    return svg(key, alt, draw, margins, margins.top + margins.bottom + 0.36 * max(1, len(rows)))


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

    return svg(key, alt, draw, Margins(left=0.62), height=2.5)
