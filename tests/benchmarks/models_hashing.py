"""Hashing beside `sha256sum`, on one file in one run: the store's own reader, and the plain one of `files`.

Alone: `python -m tests.benchmarks.models_hashing [--quick]`.
"""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sage_edge import files
from sage_edge.models.store import blobs
from tests.benchmarks.figures import Figure, run, seconds

_MIB = 1 << 20


def figures(quick: bool) -> Iterator[Figure]:
    """Measure all of them. quick: 64 MiB instead of 512."""
    with tempfile.TemporaryDirectory(prefix="sage-bench-") as name:
        path = Path(name) / "weights"
        with path.open("wb") as stream:
            for _ in range((64 if quick else 512) // 16):
                stream.write(os.urandom(16 * _MIB))
        yield _beside("hashing a blob of the store", lambda: blobs.hash_file(path), path)
        yield _beside("hashing any file", lambda: files.digest_file(path), path)


@dataclass(frozen=True)
class Cost:
    """Seconds of some work: of the processor, and by the clock."""

    processor: float
    clock: float


def _beside(name: str, ours: Callable[[], str], path: Path, rounds: int = 7) -> Figure:
    """Processor time of both in turn, the best of each: it does not depend on who else is running.

    The clock's time is told beside it, and so is `openssl`: a sha256sum that is built without that library does not use
    the processor's own instructions.
    """
    asked = ["sha256sum", str(path)]
    mine, others = list[Cost](), list[Cost]()
    for _ in range(rounds):
        mine.append(_cost(resource.RUSAGE_SELF, ours))
        others.append(_cost(resource.RUSAGE_CHILDREN, _program(asked)))
    size = path.stat().st_size / _MIB
    ours_s, theirs_s = (min(cost.processor for cost in costs) for costs in (mine, others))
    clocks = min(cost.clock for cost in others) / min(cost.clock for cost in mine)
    told = f"{theirs_s / ours_s:.2f} by processor time ({size / ours_s:.0f} against {size / theirs_s:.0f} MiB/s), "
    told += f"{clocks:.2f} by the clock; best of {rounds} on {size:.0f} MiB"
    if openssl := shutil.which("openssl"):
        alone = min(seconds(_program([openssl, "dgst", "-sha256", str(path)])) for _ in range(3))
        told += f"; openssl {size / alone:.0f} MiB/s"
    same = ours() == f"sha256:{subprocess.run(asked, check=True, capture_output=True, text=True).stdout.split()[0]}"
    return Figure(f"{name}, as a part of sha256sum's speed", ">= 0.80", told, theirs_s / ours_s >= 0.8 and same)


def _program(words: list[str]) -> Callable[[], object]:
    return lambda: subprocess.run(words, check=True, capture_output=True)


def _cost(whose: int, work: Callable[[], object]) -> Cost:
    before = resource.getrusage(whose)
    clock = seconds(work)
    after = resource.getrusage(whose)
    return Cost(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, clock)


if __name__ == "__main__":
    sys.exit(run(__doc__, figures))
