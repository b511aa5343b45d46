"""What the model store promised: resolving, deep checks, and hashing beside `sha256sum`.

`figures()` is for `invoke bench.models`; alone: `python -m tests.benchmarks.models_store [--quick]`.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from sage_edge.errors import DigestMismatch
from sage_edge.models import blobs
from tests.benchmarks.spine import Figure
from tests.models.shelving import REF, SHARDS, digest, library

_MIB = 1 << 20


def figures(*, quick: bool = False) -> list[Figure]:
    """Measure all of them. quick: a smaller file to hash."""
    with tempfile.TemporaryDirectory(prefix="sage-bench-") as name:
        folder = Path(name)
        hashed = _hashing(folder, (64 if quick else 512) * _MIB)
        return [_resolving(folder / "warm"), _flips(folder / "flips"), hashed]


def _resolving(folder: Path, calls: int = 300) -> Figure:
    made = library(folder, SHARDS, container="safetensors")
    times = [1_000 * _seconds(lambda: made.resolve(REF)) for _ in range(calls)]
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


def _hashing(folder: Path, size: int, rounds: int = 5) -> Figure:
    """Processor time of both on one file, in turn, the best of each: it does not depend on who else is running."""
    path = folder / "weights"
    with path.open("wb") as stream:
        for _ in range(size // (16 * _MIB)):
            stream.write(os.urandom(16 * _MIB))
    ours_s, theirs_s = [], []
    for _ in range(rounds):
        ours_s.append(_processor(resource.RUSAGE_SELF, lambda: blobs.hash_file(path)))
        theirs_s.append(_processor(resource.RUSAGE_CHILDREN, lambda: _sha256sum(path)))
    ratio = min(theirs_s) / min(ours_s)
    speeds = f"{size / _MIB / min(ours_s):.0f} against {size / _MIB / min(theirs_s):.0f} MiB per processor second"
    told = f"{ratio:.2f} ({speeds}, best of {rounds} on {size // _MIB} MiB)"
    return Figure("hashing a blob, as a part of sha256sum's speed", ">= 0.80", told, ratio >= 0.8)


def _sha256sum(path: Path) -> None:
    subprocess.run(["sha256sum", str(path)], check=True, capture_output=True)


def _processor(whose: int, work: Callable[[], object]) -> float:
    before = resource.getrusage(whose)
    work()
    after = resource.getrusage(whose)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def main() -> int:
    """Print the figures; exit status 1 when one is missed."""
    words = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    words.add_argument("--quick", action="store_true")
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, Python {sys.version.split()[0]}", flush=True)
    measured = figures(quick=words.parse_args().quick)
    for figure in measured:
        mark = "kept  " if figure.kept else "MISSED"
        print(f"{mark}  {figure.name}: {figure.measured} (promised: {figure.promised})")
    return 0 if all(figure.kept for figure in measured) else 1


if __name__ == "__main__":
    sys.exit(main())
