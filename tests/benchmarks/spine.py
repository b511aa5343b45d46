"""`invoke bench.spine`: every figure of the spine, measured in one run and held against what was promised.

The machine is named in the output; ratios count, seconds do not travel. Exit status 1 when a figure is missed.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks import speech
from tests.benchmarks.figures import Figure
from tests.cli import world as worlds
from tests.kill import racing
from tests.kill import spine as killing
from tests.kill.report import Report
from tests.real import prepared

ROOT = Path(__file__).parents[2]


def main() -> int:
    """Measure and print every figure; return the exit status."""
    words = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    words.add_argument("--quick", action="store_true", help="3 rounds and 50 kills instead of 10 and 500")
    quick = words.parse_args().quick
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, Python {sys.version.split()[0]}", flush=True)
    kept = True
    with tempfile.TemporaryDirectory(prefix="sage-bench-") as folder:
        for figure in _figures(Path(folder), quick):
            print(f"{figure.verdict:<6}  {figure.name}: {figure.measured} (promised: {figure.promised})", flush=True)
            kept = kept and figure.kept
    return 0 if kept else 1


def _figures(folder: Path, quick: bool) -> Iterator[Figure]:
    shots = 50 if quick else 500
    yield from _demo(folder / "demo")
    yield _sigterm(folder / "sigterm")
    yield _kills("kills before and after every persistence call", killing.enumerated(folder / "enumerated"))
    yield _kills("kills at random moments", killing.random_kills(folder / "random", shots, seed=1))
    yield from _races(folder)
    yield from speech.speech(folder, quick)


def _kills(name: str, report: Report) -> Figure:
    return Figure(name, "0 lost, doubled, torn or reused; the next start finishes", str(report), report.sound)


def _races(folder: Path) -> Iterator[Figure]:
    for name, report in (
        ("starts", racing.race(folder / "starts", 200)),
        ("claims without a lock", racing.race_for_numbers(folder / "claims", 200)),
    ):
        yield Figure(f"200 simultaneous {name}", "each number conducted once", str(report), report.sound)


def _demo(into: Path) -> Iterator[Figure]:
    try:
        prepared.model()  # its set-up, which happens once
    except prepared.Absent as why:
        yield Figure("demo, set-up done", "at most 90 s", str(why), False)
        return
    words = [sys.executable, "-m", "invoke", "demo", "--into", str(into)]
    began = time.perf_counter()
    played = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(played.pid, 0)  # of it and of all that it waited for
    seconds = time.perf_counter() - began
    ended = os.waitstatus_to_exitcode(status)
    yield Figure("demo, set-up done", "at most 90 s", f"{seconds:.1f} s, exit {ended}", ended == 0 and seconds <= 90)
    memory = used.ru_maxrss / 1e3
    size = f"{memory:.0f} MB resident at most in one process, {_disk_mb(into):.1f} MB on disk"
    yield Figure("demo, size", "at most 700 MB resident", size, ended == 0 and memory <= 700)


def _disk_mb(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6


def _sigterm(folder: Path) -> Figure:
    world = worlds.make(folder)
    world.overlay({"hosts": {"sprout": {"engine": {"context_tokens": 8192}, "sampling": {"max_tokens": 6000}}}})
    with subprocess.Popen(
        [sys.executable, "-u", "-m", "sage_edge", "session", "run"],
        env=world.environment("sprout"),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        next(line for line in process.stderr if "teacher" in line)
        began = time.perf_counter()
        process.send_signal(signal.SIGTERM)
        code = process.wait(60)
    seconds = time.perf_counter() - began
    said = f"{seconds:.2f} s, exit status {code}"
    return Figure(
        "SIGTERM in the middle of a generation", "out within 1 s and a token", said, seconds <= 1.1 and code == 130
    )


if __name__ == "__main__":
    sys.exit(main())
