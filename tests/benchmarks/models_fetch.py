"""What fetching models promised: kills at random bytes, and flipped bits in what is half here.

Alone: `python -m tests.benchmarks.models_fetch [--quick]`.
"""

from __future__ import annotations

import random
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from sage_edge.models.download.partial import CHUNK, Partial
from tests.benchmarks.figures import Figure, run
from tests.models import fetch_kills

_MIB = 1 << 20


def figures(quick: bool) -> Iterator[Figure]:
    """Measure all of them. quick: 20 kills of 8 MiB instead of 100 of 24 MiB."""
    with tempfile.TemporaryDirectory(prefix="sage-bench-") as name:
        folder = Path(name)
        yield from _kills(folder / "kills", shots=20 if quick else 100, size=(8 if quick else 24) * _MIB)
        yield _flips(folder / "flips")


def _kills(folder: Path, shots: int, size: int) -> list[Figure]:
    began = time.monotonic()
    losses = list(fetch_kills.kills(folder, shots, size, seed=1))
    shutil.rmtree(folder)
    problems = [problem for loss in losses for problem in loss.problems]
    told = f"of {shots} kills in downloads of {size // _MIB} MiB; {len(problems)} with another problem"
    took = f"in {time.monotonic() - began:.0f} s"
    twice = [loss.again - (loss.size - loss.known) for loss in losses]
    unknown = [max(0, loss.received - loss.known) for loss in losses]
    return [
        Figure(
            "bytes known to be on the disk that came twice after a kill",
            "0",
            f"at most {max(twice)} {told}, {took}",
            not any(twice) and not problems,
        ),
        Figure(
            "received before a kill, and not yet known to be on the disk",
            f"<= {fetch_kills.MOST_UNKNOWN / _MIB:.0f} MiB each",
            f"at most {max(unknown) / _MIB:.2f} MiB, median {statistics.median(unknown) / _MIB:.2f}",
            max(unknown) <= fetch_kills.MOST_UNKNOWN,
        ),
    ]


def _flips(folder: Path, flips: int = 1_000) -> Figure:
    draw = random.Random(2)
    content = draw.randbytes(2 * CHUNK + 4_321)
    part = Partial(folder, "key", len(content))
    with part.opened():
        part.write(0, content)
    found = sum(_is_found(part, draw.randrange(8 * len(content))) for _ in range(flips))
    return Figure("flipped bits found in a half download", f"{flips} of {flips}", f"{found} of {flips}", found == flips)


def _is_found(part: Partial, bit: int) -> bool:
    _flip(part.path, bit)
    with part.opened():
        gap = part.gap()
    _flip(part.path, bit)
    return gap is not None and gap[0] <= bit // 8 < gap[1]


def _flip(path: Path, bit: int) -> None:
    with path.open("r+b") as stream:
        stream.seek(bit // 8)
        was = stream.read(1)[0]
        stream.seek(bit // 8)
        stream.write(bytes([was ^ 1 << bit % 8]))


if __name__ == "__main__":
    sys.exit(run(__doc__, figures))
