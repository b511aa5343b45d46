"""`invoke bench.analysis`: every figure of the analysis, measured in one run and held against what was promised.

Corpora are generated: transcripts of 8 turns in the median, 5.8 KB. `json.load` over the same files is measured in
turns with ours; ratios count, seconds do not travel. Exit status 1 when a figure is missed.

A paper of ours says so much about each turn that 5.8 KB leave few words for the answers. So the same is measured over
imported papers of that size, whose answers have 50 words; nothing is promised of them, and the figure is printed.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sage_edge.analysis.corpus import Corpus, Folder
from sage_edge.scorers import ALL
from tests import corpora
from tests.benchmarks.figures import Figure, seconds

ROOT = Path(__file__).parents[2]
SIZES = (10, 100, 1_000, 10_000)
COLD = 40
"""What a first look may cost, in times that json.load takes over the same files."""
NEW = 900_000
"""The number of the first session that is added; no corpus has as many."""


@dataclass(frozen=True)
class Pair:
    """Seconds that one reading of the same files took: by json.load alone, and by us with every scorer.

    work: the ratio of processor times, which a busy machine disturbs less.
    """

    load_s: float
    ours_s: float
    work: float

    @property
    def ratio(self) -> float:
        return self.ours_s / self.load_s


def main() -> int:
    """Measure and print every figure; return the exit status."""
    words = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    words.add_argument("--quick", action="store_true", help="up to 1,000 sessions, one round")
    words.add_argument("--hold", type=Path, help=argparse.SUPPRESS)
    given = words.parse_args()
    if given.hold:
        return _hold(given.hold)
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, Python {sys.version.split()[0]}", flush=True)
    print(f"{len(ALL)} scorers, {sum(len(scorer.quantities) for scorer in ALL)} quantities", flush=True)
    kept = True
    with tempfile.TemporaryDirectory(prefix="sage-bench-") as folder:
        for figure in _figures(Path(folder), quick=given.quick):
            print(f"{figure.verdict:<6}  {figure.name}: {figure.measured} (promised: {figure.promised})", flush=True)
            kept = kept and figure.kept
    print(f"load {os.getloadavg()[0]:.1f} at the end", flush=True)
    return 0 if kept else 1


def _figures(folder: Path, *, quick: bool) -> Iterator[Figure]:
    sizes = SIZES[:-1] if quick else SIZES
    ours = {size: _corpus(folder / f"ours-{size}", size, corpora.write_all) for size in sizes}
    largest = ours[sizes[-1]]
    rounds = 1 if quick else 3
    yield _cold(f"all scorers over {sizes[-1]:,} papers of ours, cold", largest, rounds)
    imported = _corpus(folder / "imported", sizes[-1], corpora.write_imported)
    wordy = _cold(f"all scorers over {sizes[-1]:,} imported papers, cold", imported, rounds)
    print(f"  beside  {wordy.name}: {wordy.measured} (nothing promised)", flush=True)
    yield _growth(ours, rounds)
    for size, place in ours.items():
        yield _one_more(size, place, 3 if quick else 9)
    yield _memory(sizes[-1], largest)
    yield _export(sizes[-1], largest)
    yield from _report(folder / "report")


def _corpus(place: Path, size: int, write: Callable[[Path, int], list[Path]]) -> Path:
    began = time.perf_counter()
    files = write(place, size)
    usual = statistics.median(path.stat().st_size for path in files)
    print(
        f"  {place.name}: {size:,} files, median {usual / 1e3:.1f} KB, made in {time.perf_counter() - began:.0f} s",
        flush=True,
    )
    return place


# --- cold ---


def _cold(name: str, place: Path, rounds: int) -> Figure:
    _load(place)  # from here on the files lie in memory for both
    pairs = [_pair(place) for _ in range(rounds)]
    for pair in pairs:
        print(f"  json.load {pair.load_s:.2f} s, ours {pair.ours_s:.2f} s, ratio {pair.ratio:.1f}", flush=True)
    ratio = statistics.median(pair.ratio for pair in pairs)
    work = statistics.median(pair.work for pair in pairs)
    measured = f"{ratio:.1f} x over {rounds} rounds; processor time {work:.1f} x; load {os.getloadavg()[0]:.1f}"
    return Figure(name, f"at most {COLD} x json.load", measured, ratio <= COLD)


def _pair(place: Path) -> Pair:
    """json.load before and after ours, so that a machine that slows down slows both."""
    before, work_before = _load(place)
    with tempfile.TemporaryDirectory() as cache:
        ours, work = _took(lambda: _open(place, Path(cache) / "cache.sqlite"))
    after, work_after = _load(place)
    return Pair((before + after) / 2, ours, work / ((work_before + work_after) / 2))


def _load(place: Path) -> tuple[float, float]:
    files = [path for path in place.rglob("*.json") if path.is_file()]

    def all_of_them() -> None:
        for path in files:
            with path.open(encoding="utf-8") as file:
                json.load(file)

    return _took(all_of_them)


def _open(place: Path, cache: Path) -> None:
    with Corpus.open(Folder.at(place), cache):
        pass


def _took(do: Callable[[], object]) -> tuple[float, float]:
    """Seconds by the clock, and of processor time."""
    began, work = time.perf_counter(), time.process_time()
    do()
    return time.perf_counter() - began, time.process_time() - work


# --- growth, one more, memory ---


def _growth(places: dict[int, Path], rounds: int) -> Figure:
    """In processor time, which a busy machine disturbs less."""
    spent = {}
    for size, place in places.items():
        repeats = max(rounds, min(20, 2_000 // size)) if size < 10_000 else 1
        spent[size] = statistics.median(_work(place) for _ in range(repeats))
    times = ", ".join(f"{size:,}: {took:.3f} s" for size, took in spent.items())
    exponent = _slope([math.log(size) for size in spent], [math.log(took) for took in spent.values()])
    return Figure(
        "growth with the number of sessions, processor time",
        "exponent 1.0 ± 0.1",
        f"{exponent:.3f} ({times})",
        abs(exponent - 1) <= 0.1,
    )


def _work(place: Path) -> float:
    with tempfile.TemporaryDirectory() as cache:
        return _took(lambda: _open(place, Path(cache) / "cache.sqlite"))[1]


def _slope(x: Sequence[float], y: Sequence[float]) -> float:
    mean_x, mean_y = statistics.fmean(x), statistics.fmean(y)
    over = sum((of_x - mean_x) * (of_y - mean_y) for of_x, of_y in zip(x, y, strict=True))
    return over / sum((of_x - mean_x) ** 2 for of_x in x)


def _one_more(size: int, place: Path, rounds: int) -> Figure:
    with tempfile.TemporaryDirectory() as folder:
        cache = Path(folder) / "cache.sqlite"
        _open(place, cache)
        took = []
        for number in range(rounds):
            path = corpora.write(place, corpora.session("primary", NEW + number))
            took.append(seconds(lambda: _open(place, cache)))
            path.unlink()
            _open(place, cache)
    name = f"one more session beside {size:,}"
    median = statistics.median(took)
    measured = f"{median * 1e3:.0f} ms in the median of {rounds}, {max(took) * 1e3:.0f} ms at most"
    return Figure(name, "at most 50 ms", f"{measured}, load {os.getloadavg()[0]:.1f}", median <= 0.05)


def _memory(size: int, place: Path) -> Figure:
    words = [sys.executable, "-m", "tests.benchmarks.analysis", "--hold", str(place)]
    usage = json.loads(subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True).stdout)
    name = f"memory over {size:,} sessions, every series asked for"
    return Figure(name, "at most 300 MB", f"{usage['mb']:.0f} MB", usage["mb"] <= 300)


def _export(size: int, place: Path) -> Figure:
    """By a process of its own, as a person calls it; what was measured before is remembered."""
    with tempfile.TemporaryDirectory() as folder:
        env = {**os.environ, "SAGE_CACHE": f"{folder}/cache"}
        sage = (sys.executable, "-m", "sage_edge")
        words = [*sage, "corpus", "export", "--corpus", str(place), "--parquet"]
        for out in ("first", "measured"):
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            took = seconds(lambda: subprocess.run([*words, f"{folder}/{out}"], env=env, cwd=ROOT, check=True))  # noqa: B023
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    work = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    measured = f"{took:.1f} s, processor time {work:.1f} s, at most {after.ru_maxrss / 1e3:.0f} MB"
    return Figure(f"export of {size:,} sessions that are measured", "at most 10 s", measured, took <= 10)


def _hold(place: Path) -> int:
    """Measure a corpus, ask for everything once, and print the most memory that this took."""
    with (
        tempfile.TemporaryDirectory() as folder,
        Corpus.open(Folder.at(place), Path(folder) / "cache.sqlite") as corpus,
    ):
        for scorer in ALL:
            for track in scorer.tracks:
                for quantity in scorer.quantities:
                    corpus.series(scorer.id, scorer.version, quantity, track)
        for _ in corpus.answers():
            pass
    print(json.dumps({"mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3}))
    return 0


# --- the report ---


def _report(folder: Path) -> Iterator[Figure]:
    from tests.legacy.papers import REAL

    if not (REAL / "sage").is_dir():
        print(f"  skipped: the report over the older system's files, which are not here: {REAL}", flush=True)
        return
    sage = (sys.executable, "-m", "sage_edge")
    env = {**os.environ, "SAGE_CACHE": str(folder / "cache"), "SAGE_FLEET": str(ROOT / "fleet")}
    subprocess.run(
        [*sage, "import-legacy", REAL, "--into", folder / "papers"], env=env, cwd=ROOT, capture_output=True, check=True
    )
    words = [*sage, "report", "--corpus", str(folder / "papers"), "--out", str(folder / "report.html")]
    took = seconds(lambda: subprocess.run(words, env=env, cwd=ROOT, capture_output=True, check=True))
    yield Figure(
        "report over the older system's sessions", "at most 20 s", f"{took:.1f} s with process start", took <= 20
    )


if __name__ == "__main__":
    sys.exit(main())
