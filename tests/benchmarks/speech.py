"""What speaking costs: the session runner against a bare loop, prompts read once, and words said again from the record.

Measured on the real model, which decides whether the promise is kept; and on random weights in the shape of the
board's own model, whose vocabulary is three times as wide: what we do for each token costs the most there.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from sage_edge.models.resolve import ResolvedModel, resolve
from sage_edge.names import ModelRef
from sage_edge.sampling import Sampling
from tests import replays
from tests.benchmarks import figures, random_gguf, runner
from tests.benchmarks.figures import Figure
from tests.benchmarks.runner import Round
from tests.real import prepared

ROUNDS, QUICK_ROUNDS = 10, 3
REPLAYED = 20
REAL = Sampling(temperature=0.2, top_p=0.9, top_k=40, min_p=0.0, repeat_penalty=1.1, max_tokens=runner.TOKENS)
WIDE = Sampling(temperature=0.7, top_p=0.8, top_k=20, min_p=0.0, repeat_penalty=1.1, max_tokens=runner.TOKENS)


def main() -> int:
    """Measure and print what speaking costs; return the exit status."""
    return figures.run(__doc__ or "", _alone)


def _alone(quick: bool) -> Iterator[Figure]:
    with tempfile.TemporaryDirectory(prefix="sage-bench-") as folder:
        yield from speech(Path(folder), quick)


def speech(folder: Path, quick: bool) -> Iterator[Figure]:
    """Yield the figures of both models."""
    count = QUICK_ROUNDS if quick else ROUNDS
    try:
        real = prepared.model()
    except prepared.Absent as why:
        yield Figure("session runner, reading and replay", "measured on the real model", str(why), False)
    else:
        done = _rounds(real, REAL, folder / "real", count)
        yield _ratio(f"session runner over a bare chat loop, {real.ref}", done)
        yield _read_once(done)
        yield _replayed(done, real)
    wide = resolve(ModelRef("bench/random:q8_0"), (random_gguf.shelf(folder / "shelf"),))
    yield _ratio("session runner over a bare chat loop, 0.5B shape", _rounds(wide, WIDE, folder / "wide", count))


def _rounds(model: ResolvedModel, sampling: Sampling, folder: Path, count: int) -> list[Round]:
    done = []
    for number, one in enumerate(runner.rounds(model, sampling, folder, count), start=1):
        print(f"  round {number}: ours {one.ours_s:.2f} s, bare {one.bare_s:.2f} s, ratio {one.ratio:.4f}", flush=True)
        done.append(one)
    return done


def _ratio(name: str, done: list[Round]) -> Figure:
    ratio, low, high = runner.interval([one.ratio for one in done])
    same, turns = sum(one.same_replies for one in done), sum(len(one.transcript.turns) for one in done)
    measured = f"{ratio:.4f} [{low:.4f}, {high:.4f}] over {len(done)} rounds, {same}/{turns} replies equal"
    return Figure(name, "ratio at most 1.02", measured, ratio <= 1.02)


def _read_once(done: list[Round]) -> Figure:
    turns = done[0].transcript.turns
    whole = sum(turn.prompt_tokens for turn in turns)
    evaluated = whole - sum(turn.reused_tokens for turn in turns)
    measured = f"{whole / evaluated:.1f} x fewer ({evaluated} instead of {whole}) in {len(turns)} turns"
    return Figure("prompt tokens evaluated over a session", "at least 4 x fewer", measured, whole / evaluated >= 4)


def _replayed(done: list[Round], model: ResolvedModel) -> Figure:
    engine = replays.engine(done[0].transcript)
    asked = same = 0
    for one in done:
        if asked < REPLAYED:
            said = [replays.differences(*pair) for pair in replays.replay(one.transcript, model, engine)]
            asked, same = asked + len(said), same + said.count(())
    engine.close()
    measured = f"{same} of {asked} turns"
    return Figure("said again from the record", "all of 20 or more", measured, same == asked >= REPLAYED)


if __name__ == "__main__":
    sys.exit(main())
