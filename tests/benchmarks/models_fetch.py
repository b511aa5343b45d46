"""What fetching and hashing models promised: kills, flipped bits, and speed beside `sha256sum`.

`figures()` is for `invoke bench.models`; alone: `python -m tests.benchmarks.models_fetch [--quick]`.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from sage_edge import files
from sage_edge.models.partial import CHUNK, Partial
from tests.benchmarks.spine import Figure
from tests.models import fetch_kills

_MIB = 1 << 20


def figures(*, quick: bool = False) -> list[Figure]:
    """Measure all of them. quick: 20 kills of 8 MiB instead of 100 of 24 MiB, and a smaller file to hash."""
    with tempfile.TemporaryDirectory(prefix="sage-bench-") as name:
        folder = Path(name)
        killed = _kills(folder / "kills", shots=20 if quick else 100, size=(8 if quick else 24) * _MIB)
        return [*killed, _flips(folder / "flips"), _hashing(folder, size=(128 if quick else 512) * _MIB)]


def _kills(folder: Path, shots: int, size: int) -> list[Figure]:
    began = time.monotonic()
    losses = list(fetch_kills.kills(folder, shots, size, seed=1))
    shutil.rmtree(folder)
    problems = [problem for loss in losses for problem in loss.problems]
    told = f"of {shots} kills in downloads of {size // _MIB} MiB; {len(problems)} with another problem"
    took = f"in {time.monotonic() - began:.0f} s"
    return [
        Figure(
            name,
            "<= 4 MiB each",
            f"at most {max(bytes_) / _MIB:.2f} MiB, median {statistics.median(bytes_) / _MIB:.2f} {told}, {took}",
            max(bytes_) <= fetch_kills.MOST_LOST and not problems,
        )
        for name, bytes_ in (
            ("fetched again after a kill, of what the process had received", [loss.lost for loss in losses]),
            ("fetched again after a kill, of what the server had sent", [loss.resent for loss in losses]),
        )
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


def _hashing(folder: Path, size: int, rounds: int = 5) -> Figure:
    """Ours and theirs in turn on one file in the page cache; the best of each counts, for both are only slowed down.

    `openssl` is told beside them: a sha256sum that is built without it does not use the processor's own instructions.
    """
    path = folder / "weights"
    with path.open("wb") as stream:
        for _ in range(size // (16 * _MIB)):
            stream.write(os.urandom(16 * _MIB))

    def theirs() -> str:
        done = subprocess.run(["sha256sum", str(path)], capture_output=True, text=True, check=True)
        return f"sha256:{done.stdout.split()[0]}"

    ours_s, theirs_s = [], []
    for _ in range(rounds):
        ours_s.append(_seconds(lambda: files.digest_file(path)))
        theirs_s.append(_seconds(theirs))
    ratio = min(theirs_s) / min(ours_s)
    same = files.digest_file(path) == theirs()
    speeds = f"{size / _MIB / min(ours_s):.0f} against {size / _MIB / min(theirs_s):.0f} MiB/s"
    if openssl := shutil.which("openssl"):
        words = [openssl, "dgst", "-sha256", str(path)]
        best_s = min(_seconds(lambda: subprocess.run(words, capture_output=True, check=True)) for _ in range(rounds))
        speeds += f", openssl {size / _MIB / best_s:.0f}"
    told = f"{ratio:.2f} ({speeds}, best of {rounds} on {size // _MIB} MiB)"
    return Figure("hashing, as a part of sha256sum's speed", ">= 0.80", told, ratio >= 0.8 and same)


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
