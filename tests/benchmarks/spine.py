"""`invoke bench.spine`: every figure of the spine, measured in one run and held against what was promised.

The machine is named in the output; ratios count, seconds do not travel. Exit status 1 when a figure is missed.
"""

from __future__ import annotations

import argparse
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from sage_edge.models.resolve import resolve
from sage_edge.names import ModelRef
from tests.benchmarks import random_gguf, runner
from tests.benchmarks.figures import Figure
from tests.cli import world as worlds
from tests.kill import racing
from tests.kill import spine as killing
from tests.kill.report import Report

ROOT = Path(__file__).parents[2]


def main() -> int:
    """Measure and print every figure; return the exit status."""
    words = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    words.add_argument("--quick", action="store_true", help="3 rounds and 50 kills instead of 10 and 500")
    quick = words.parse_args().quick
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, Python {sys.version.split()[0]}", flush=True)
    kept = True
    with tempfile.TemporaryDirectory(prefix="sage-bench-") as folder:
        for figure in _figures(Path(folder), rounds=3 if quick else 10, shots=50 if quick else 500):
            print(f"{figure.verdict:<6}  {figure.name}: {figure.measured} (promised: {figure.promised})", flush=True)
            kept = kept and figure.kept
    return 0 if kept else 1


def _figures(folder: Path, rounds: int, shots: int) -> Iterator[Figure]:
    yield from _demo(folder / "demo")
    yield _sigterm(folder / "sigterm")
    yield _kills("kills before and after every persistence call", killing.enumerated(folder / "enumerated"))
    yield _kills("kills at random moments", killing.random_kills(folder / "random", shots, seed=1))
    yield from _races(folder)
    yield from _runner(folder, rounds)


def _runner(folder: Path, rounds: int) -> Iterator[Figure]:
    model = resolve(ModelRef("bench/random:q8_0"), (random_gguf.shelf(folder / "shelf"),))
    done = []
    for number, one in enumerate(runner.rounds(model, folder / "journals", rounds), start=1):
        print(f"  round {number}: ours {one.ours_s:.2f} s, bare {one.bare_s:.2f} s, ratio {one.ratio:.4f}", flush=True)
        done.append(one)
    ratio, low, high = runner.interval([one.ratio for one in done])
    same = sum(one.same_replies for one in done)
    measured = f"{ratio:.4f} [{low:.4f}, {high:.4f}] over {rounds} rounds, {same}/{rounds * runner.TURNS} replies equal"
    yield Figure("session runner over a bare chat loop, 0.5B shape", "ratio at most 1.02", measured, ratio <= 1.02)
    fewer = done[0].whole_tokens / done[0].evaluated_tokens
    cost = f"{fewer:.1f} x fewer ({done[0].evaluated_tokens} instead of {done[0].whole_tokens})"
    yield Figure("prompt tokens evaluated over a session", "at least 4 x fewer", cost, fewer >= 4)


def _kills(name: str, report: Report) -> Figure:
    return Figure(name, "0 lost, doubled, torn or reused; the next start finishes", str(report), report.sound)


def _races(folder: Path) -> Iterator[Figure]:
    for name, report in (
        ("starts", racing.race(folder / "starts", 200)),
        ("claims without a lock", racing.race_for_numbers(folder / "claims", 200)),
    ):
        yield Figure(f"200 simultaneous {name}", "each number conducted once", str(report), report.sound)


def _demo(into: Path) -> Iterator[Figure]:
    began = time.perf_counter()
    played = subprocess.run(
        [sys.executable, "-m", "sage_edge", "demo", "--into", str(into)], cwd=ROOT, capture_output=True, check=False
    )
    seconds = time.perf_counter() - began
    yield Figure("demo, set-up done", "at most 60 s", f"{seconds:.1f} s", played.returncode == 0 and seconds <= 60)
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e3
    disk = sum(path.stat().st_size for path in into.rglob("*") if path.is_file()) / 1e6
    size = f"{memory:.0f} MB of memory at most in one process, {disk:.1f} MB on disk"
    yield Figure("demo, size", "at most 400 MB", size, memory <= 400 and disk <= 400)


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
