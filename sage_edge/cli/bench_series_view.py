"""What `sage-edge model bench --series size` shows: each size, the laws of their times, and the seeds' own."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import click

from sage_edge.analysis import plots
from sage_edge.analysis.statistics import scaling
from sage_edge.analysis.statistics.scaling import Fit
from sage_edge.bench import seed_series
from sage_edge.bench.run import SpeedReport
from sage_edge.bench.series import SizePoint
from sage_edge.cli import bench_view, render

_NAMESPACES = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
"""What a file of its own has to name, unlike a picture within a page; nobody fetches anything there."""

_SizedTimes = Sequence[tuple[float, float]]
"""Billions of parameters, seconds."""


@dataclass(frozen=True)
class FittedLaw:
    """A law with the largest share by which a point lies off it."""

    fit: Fit
    worst: float

    @property
    def law(self) -> str:
        """The law with its numbers: `0.02 + 0.11 x`."""
        a, b = self.fit.a or 0.0, self.fit.b or 0.0
        return f"{a:.4g} + {b:.4g} x" if self.fit.form == scaling.AFFINE else f"{a:.4g} x^{b:.3f}"

    def __str__(self) -> str:
        return f"{self.law}, off by {self.worst:.1%} at most, n = {self.fit.n}"


def laws(points: _SizedTimes) -> Iterator[FittedLaw]:
    """Yield the affine law and the power law of some points; of fewer than two sizes, none."""
    x, y = [size for size, _ in points], [took for _, took in points]
    for fit in (scaling.affine(x, y), scaling.power_law(x, y)):
        off = [abs(there - took) / took for size, took in points if (there := fit.at(size)) is not None]
        if off:
            yield FittedLaw(fit, max(off))


def show(points: Sequence[SizePoint], *, as_json: bool) -> None:
    """Show the series."""
    if as_json:
        render.document("sage-edge/bench-series/1", _document(points))
        return
    rows = [
        (
            point.name,
            f"{point.billions:.3f}",
            f"{point.token_s * 1000:.1f} ms",
            "extrapolated" if point.extrapolated else "measured",
            ", ".join(map(_share, point.reports)),
        )
        for point in points
    ]
    render.table(("size", "billions", "a token", "how", "share of the roofline"), rows, wrapped=0)
    _show_laws("seconds a token over billions of parameters:", _here(points))
    click.echo("\nthe seeds' three sizes, as times of the smallest:\n")
    seeds = [(ratio.name, f"{ratio.by_answer:.2f}", f"{ratio.by_word:.2f}") for ratio in seed_series.ratios()]
    render.table(("size", "seconds an answer", "seconds a word"), seeds, wrapped=0)
    _show_laws("seconds an answer:", _by_answer())
    _show_laws("seconds a word:", _by_word())
    for point in points:
        for speed in point.reports:
            bench_view.warn(speed)


def picture(points: Sequence[SizePoint]) -> bytes:
    """Return the series as an SVG file: filled where it was measured, hollow where it was extrapolated."""
    dots = [plots.SizedPoint(point.name, point.billions, point.token_s, point.extrapolated) for point in points]
    curves = [plots.FittedCurve(law.law, law.fit.at) for law in laws(_here(points))]
    labels = ("billions of parameters", "seconds a token")
    drawn = plots.growth("size", "seconds a token over billions of parameters", dots, curves, labels)
    return drawn.replace("<svg ", f"<svg {_NAMESPACES} ", 1).encode()


def _here(points: Sequence[SizePoint]) -> _SizedTimes:
    return [(point.billions, point.token_s) for point in points]


def _by_answer() -> _SizedTimes:
    return [(size.billions, size.answer_s) for size in seed_series.SIZES]


def _by_word() -> _SizedTimes:
    return [(size.billions, size.word_s) for size in seed_series.SIZES]


def _show_laws(title: str, points: _SizedTimes) -> None:
    click.echo(f"\n{title}")
    for law in laws(points):
        click.echo(f"  {law!s}")


def _share(speed: SpeedReport) -> str:
    return "not told" if speed.share is None else f"{speed.share:.0%}"


def _document(points: Sequence[SizePoint]) -> dict[str, object]:
    sizes = [
        {**dataclasses.asdict(point), "reports": [bench_view.document(speed) for speed in point.reports]}
        for point in points
    ]
    return {
        "points": sizes,
        "laws": [dataclasses.asdict(law) for law in laws(_here(points))],
        "seeds": {
            "sizes": [dataclasses.asdict(ratio) for ratio in seed_series.ratios()],
            "by_answer": [dataclasses.asdict(law) for law in laws(_by_answer())],
            "by_word": [dataclasses.asdict(law) for law in laws(_by_word())],
        },
    }
