"""What the model store promised: resolving, and flipped bits in what is stored.

Alone: `python -m tests.benchmarks.models_store [--quick]`.
"""

from __future__ import annotations

import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from sage_edge.models.errors import DigestMismatch
from tests.benchmarks.figures import Figure, run, seconds
from tests.models.shelving import REF, SHARDS, digest, library


def figures(quick: bool) -> Iterator[Figure]:
    """Measure all of them. quick: fewer calls."""
    with tempfile.TemporaryDirectory(prefix="sage-bench-") as name:
        folder = Path(name)
        yield _resolving(folder / "warm", calls=30 if quick else 300)
        yield _flips(folder / "flips")


def _resolving(folder: Path, calls: int) -> Figure:
    made = library(folder, SHARDS, container="safetensors")
    times = [1_000 * seconds(lambda: made.resolve(REF)) for _ in range(calls)]
    began = time.process_time()
    for _ in range(calls):
        made.resolve(REF)
    cpu = 1_000 * (time.process_time() - began) / calls
    median = statistics.median(times)
    told = f"{median:.2f} ms median of {calls}, {cpu:.2f} ms of processor time each, 4 files"
    return Figure("resolving a name on a warm store", "<= 5 ms", told, median <= 5)


def _flips(folder: Path, flips: int = 1_000) -> Figure:
    draw = random.Random(2)
    contents = {"model.gguf": draw.randbytes(256 << 10)}
    made = library(folder, contents)
    model, blob = made.resolve(REF), made.store.blob(digest(contents["model.gguf"]))
    blob.chmod(0o644)
    found = 0
    with blob.open("r+b") as stream:
        for _ in range(flips):
            at, bit = draw.randrange(256 << 10), 1 << draw.randrange(8)
            _flip(stream.fileno(), at, bit)
            try:
                model.check()
            except DigestMismatch:
                found += 1
            _flip(stream.fileno(), at, bit)
    model.check()
    return Figure("flipped bits found in a stored model", f"{flips} of {flips}", f"{found} of {flips}", found == flips)


def _flip(handle: int, at: int, bit: int) -> None:
    os.pwrite(handle, bytes([os.pread(handle, 1, at)[0] ^ bit]), at)


if __name__ == "__main__":
    sys.exit(run(__doc__, figures))
