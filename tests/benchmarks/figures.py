"""What every benchmark prints: promises, what was measured, and whether they were kept.

A part is a module with `figures(quick)`; `run` makes a program of it. With `--into FILE` it also leaves them as JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import textwrap
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

_WIDE = (34, 22, 46)
"""Columns of a table: name, promise, measurement."""


@dataclass(frozen=True)
class Figure:
    """One promise and what came of it."""

    name: str
    promised: str
    measured: str
    kept: bool

    @property
    def verdict(self) -> str:
        return "kept" if self.kept else "MISSED"


def run(about: str, figures: Callable[[bool], Iterable[Figure]]) -> int:
    """Measure and print every figure of a part; return 1 when a promise is missed. about: what `--help` says."""
    words = argparse.ArgumentParser(description=about.splitlines()[0])
    words.add_argument("--quick", action="store_true", help="few repetitions: to see that it runs, not to quote")
    words.add_argument("--into", type=Path, metavar="FILE", help="leave the figures there as JSON, too")
    asked = words.parse_args()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, Python {sys.version.split()[0]}", flush=True)
    measured = []
    for figure in figures(asked.quick):
        print(f"{figure.verdict:<6}  {figure.name}: {figure.measured} (promised: {figure.promised})", flush=True)
        measured.append(figure)
    if asked.into is not None:
        asked.into.write_text(json.dumps([asdict(figure) for figure in measured]), "utf-8")
    return 0 if all(figure.kept for figure in measured) else 1


def read(file: Path) -> list[Figure]:
    """Return what a part has left; nothing where it ended early."""
    return [Figure(**one) for one in json.loads(file.read_text("utf-8"))] if file.is_file() else []


def table(figures: Sequence[Figure]) -> str:
    """Return a table of figures with their verdicts, as wide as a page."""
    lines = [_row(["figure", "promised", "measured"], "verdict"), _row(["-" * width for width in _WIDE], "------")]
    for figure in figures:
        cells = [
            textwrap.wrap(text, width, break_on_hyphens=False)
            for text, width in zip((figure.name, figure.promised, figure.measured), _WIDE, strict=True)
        ]
        for number in range(max(map(len, cells))):
            row = [cell[number] if number < len(cell) else "" for cell in cells]
            lines.append(_row(row, figure.verdict if number == 0 else ""))
    return "\n".join(line.rstrip() for line in lines)


def _row(cells: Sequence[str], verdict: str) -> str:
    return "  ".join((*(cell.ljust(width) for cell, width in zip(cells, _WIDE, strict=True)), verdict))


def seconds(work: Callable[[], object]) -> float:
    """Return how long some work took, by the wall's clock."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
