"""What the steps of the model road promised: memory of a merge, and a preparation that has nothing to do.

Alone: `python -m tests.benchmarks.models_steps [--quick]`. The model has Qwen2.5-0.5B's exact shape and random bf16
weights, 988 MB; --quick takes a twentieth of it. It also prints what the minutes of `models.prepare.estimates` are
from: nanoseconds per parameter of each step, on this machine, at one thread.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from sage_edge.models.prepare import gguf_tools, merge, parity
from sage_edge.models.prepare import run as prepare
from tests.benchmarks.figures import Figure, run, seconds
from tests.models import quick as doubles
from tests.models import tiny

ROOT = Path(__file__).parents[2]
_GB = 1_000_000_000
_MB = 1_000_000


def figures(quick: bool) -> Iterator[Figure]:
    """Measure all of them, one after the other. quick: a small model, whose memory is mostly torch itself."""
    with tempfile.TemporaryDirectory(prefix="sage-bench-") as name:
        yield _nothing_to_do(Path(name) / "done", rounds=5 if quick else 25)
        yield from _steps(Path(name), quick)


def _nothing_to_do(folder: Path, rounds: int) -> Figure:
    """Whole processes, interleaved with bare interpreters; the fastest of each, because a loaded machine only adds."""
    doubles.fleet(folder)
    with pytest.MonkeyPatch.context() as patch:
        doubles.doubles(patch)
        prepare.prepare(tiny.REF, doubles.context(folder))
    env = {**os.environ, "SAGE_FLEET": str(folder / "fleet"), "SAGE_MODELS": str(folder / "store")}
    bare, ours = [], []
    for _ in range(rounds):
        bare.append(seconds(lambda: _run(["-c", "pass"], env)))
        ours.append(seconds(lambda: _run(["-m", "sage_edge", "model", "prepare", tiny.REF], env)))
    beyond = min(ours) - min(bare)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    _run(["-m", "sage_edge", "model", "prepare", tiny.REF], env)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    told = f"{beyond:.3f} s beyond the interpreter's {min(bare):.3f} s, fastest of {rounds}; {cpu:.3f} s of processor"
    return Figure("preparing what is prepared", "<= 0.3 s beyond interpreter start", told, beyond <= 0.3)


def _steps(folder: Path, quick: bool) -> Iterator[Figure]:
    _run(["-W", "ignore", "-m", "tests.benchmarks.random_qwen", str(folder), *(["--quick"] if quick else [])])
    source, out = folder / "base", folder / "merged"
    done: list[merge.MergeReport] = []
    merging = seconds(lambda: done.append(merge.merge(source, folder / "adapter", out)))
    weights = sum(path.stat().st_size for path in out.glob("*.safetensors"))
    extra = done[0].peak_bytes - weights
    told = f"{done[0].peak_bytes / _MB:.0f} MB at most, {extra / _MB:.0f} MB above {weights / _MB:.0f} MB of weights"
    yield Figure("memory of a merge", "<= weights + 1 GB", told, extra <= _GB)
    count = weights / 4
    whole, small = folder / "whole.gguf", folder / "small.gguf"
    cache = tiny.tools(folder)
    rates = {"merge": merging}
    rates["convert"] = seconds(
        lambda: gguf_tools.convert(
            out, whole, name="bench", cache=cache, precision="f32", pre_tokenizer=gguf_tools.pre_tokenizer(out)
        )
    )
    rates["quantise"] = seconds(lambda: gguf_tools.quantise(whole, small, "q8_0"))
    results: list[parity.ParityResult] = []
    rates["parity"] = seconds(lambda: results.extend(parity.compare(out, [whole, small])))
    told = ", ".join(
        f"{name} {seconds:.1f} s ({seconds / count * 1e9:.0f} ns a parameter)" for name, seconds in rates.items()
    )
    yield Figure(
        "time of the steps", "none; what the estimates are from", f"{count / _MB:.0f} M parameters: {told}", True
    )
    exact, quantised = results
    good = not exact.differing and exact.agreement >= parity.AGREEMENT
    yield Figure("f32 against torch", "200/200 texts, >= 99 % of likeliest tokens", str(exact), good)
    yield Figure("Q8_0 against torch", "200/200 texts, KL reported", str(quantised), not quantised.differing)


def _run(words: list[str], env: dict[str, str] | None = None) -> None:
    done = subprocess.run([sys.executable, *words], cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(done.stderr)


if __name__ == "__main__":
    sys.exit(run(__doc__, figures))
