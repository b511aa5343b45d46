"""Mutated headers, indexes and configs: each gets a verdict, and none crashes or hangs the one who reads it.

Alone: `python -m tests.benchmarks.models_headers [--quick]`.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.figures import Figure, run
from tests.models.inspect import test_fuzz

_HANG_S = 5.0


def figures(quick: bool) -> Iterator[Figure]:
    """Measure it. quick: a tenth of the mutants."""
    count, began = test_fuzz.FEW if quick else test_fuzz.MANY, time.monotonic()
    with tempfile.TemporaryDirectory(prefix="sage-bench-") as name:
        seen, slowest = test_fuzz.all_judged(Path(name), count)
    judged = sum(seen.values())
    kinds = ", ".join(f"{number} {kind}" for kind, number in seen.most_common(3))
    told = f"{judged} judged in {time.monotonic() - began:.0f} s, the slowest in {slowest * 1e3:.0f} ms: {kinds}, …"
    yield Figure(f"{count:,} mutated headers", "0 crashes, 0 hangs", told, judged == count and slowest < _HANG_S)


if __name__ == "__main__":
    sys.exit(run(__doc__, figures))
