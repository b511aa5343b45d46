"""What the steps of the model road promised: memory of a merge, and a preparation that has nothing to do.

`figures()` is for `invoke bench.models`; alone: `python -m tests.benchmarks.models_steps [--quick]`. The model has
Qwen2.5-0.5B's exact shape and random bf16 weights, 988 MB; --quick takes a twentieth of it. It also prints what the
minutes of `models.estimates` are from: nanoseconds per parameter of each step, on this machine, at one thread.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sage_edge.models import gguf, merge, parity, prepare
from tests.benchmarks.spine import Figure
from tests.models import quick as doubles
from tests.models import tiny

ROOT = Path(__file__).parents[2]
_GB = 1_000_000_000
_MB = 1_000_000


def figures(*, quick: bool = False) -> Iterator[Figure]:
    """Measure all of them, one after the other. quick: a small model, whose memory is mostly torch itself."""
    with tempfile.TemporaryDirectory(prefix="sage-bench-") as name:
        yield _nothing_to_do(Path(name) / "done")
        yield from _steps(Path(name), quick=quick)


def _nothing_to_do(folder: Path, rounds: int = 15) -> Figure:
    """Whole processes, interleaved with bare interpreters; the fastest of each, because a loaded machine only adds."""
    doubles.fleet(folder)
    with pytest.MonkeyPatch.context() as patch:
        doubles.doubles(patch)
        prepare.prepare(tiny.REF, doubles.shop(folder))
    env = {**os.environ, "SAGE_FLEET": str(folder / "fleet"), "SAGE_MODELS": str(folder / "store")}
    bare, ours = [], []
    for _ in range(rounds):
        bare.append(_seconds(lambda: _run(["-c", "pass"], env)))
        ours.append(_seconds(lambda: _run(["-m", "sage_edge", "model", "prepare", tiny.REF], env)))
    beyond = min(ours) - min(bare)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    _run(["-m", "sage_edge", "model", "prepare", tiny.REF], env)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    told = f"{beyond:.3f} s beyond the interpreter's {min(bare):.3f} s, fastest of {rounds}; {cpu:.3f} s of processor"
    return Figure("preparing what is prepared", "<= 0.3 s beyond interpreter start", told, beyond <= 0.3)


def _steps(folder: Path, *, quick: bool) -> Iterator[Figure]:
    _run(
        ["-W", "ignore", "-m", "tests.benchmarks.models_steps", "--make", str(folder), *(["--quick"] if quick else [])]
    )
    source, out = folder / "base", folder / "merged"
    done: list[merge.Merged] = []
    merging = _seconds(lambda: done.append(merge.merge(source, folder / "adapter", out)))
    weights = sum(path.stat().st_size for path in out.glob("*.safetensors"))
    extra = done[0].peak_bytes - weights
    told = f"{done[0].peak_bytes / _MB:.0f} MB at most, {extra / _MB:.0f} MB above {weights / _MB:.0f} MB of weights"
    yield Figure("memory of a merge", "<= weights + 1 GB", told, extra <= _GB)
    count = weights / 4
    whole, small = folder / "whole.gguf", folder / "small.gguf"
    cache = tiny.tools(folder)
    rates = {"merge": merging}
    rates["convert"] = _seconds(lambda: gguf.convert(
        out, whole, name="bench", cache=cache, precision="f32", pre_tokenizer=gguf.pre_tokenizer(out)
    ))  # fmt: skip
    rates["quantise"] = _seconds(lambda: gguf.quantise(whole, small, "q8_0"))
    results: list[parity.Parity] = []
    rates["parity"] = _seconds(lambda: results.extend(parity.compare(out, [whole, small])))
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


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _make(folder: Path, *, quick: bool) -> None:
    """Write base and adapter; in a process of its own, because making takes more memory than merging."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import Qwen2Config, Qwen2ForCausalLM

    torch.set_num_threads(1)
    torch.manual_seed(1)
    torch.set_default_dtype(torch.bfloat16)
    shape = (256, 1_024, 6, 4, 16_000) if quick else (896, 4_864, 24, 14, 151_936)
    hidden, intermediate, layers, heads, vocabulary = shape
    config = Qwen2Config(
        vocab_size=vocabulary, hidden_size=hidden, intermediate_size=intermediate, num_hidden_layers=layers,
        num_attention_heads=heads, num_key_value_heads=2, max_position_embeddings=32_768, tie_word_embeddings=True,
        bos_token_id=0, eos_token_id=2,
    )  # fmt: skip
    model = Qwen2ForCausalLM(config)
    model.save_pretrained(folder / "base")
    tiny.save_words(folder / "base")
    torch.set_default_dtype(torch.float32)
    joined = get_peft_model(model, LoraConfig(r=16, target_modules="all-linear", task_type="CAUSAL_LM"))
    for name, weight in joined.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(weight, std=0.01)
    joined.save_pretrained(folder / "adapter")


def main() -> int:
    """Measure and print, or make the models for that; return the exit status."""
    words = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    words.add_argument("--quick", action="store_true", help="a small model")
    words.add_argument("--make", type=Path, help=argparse.SUPPRESS)
    asked = words.parse_args()
    if asked.make is not None:
        _make(asked.make, quick=asked.quick)
        return 0
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}", flush=True)
    kept = True
    for figure in figures(quick=asked.quick):
        mark = "kept  " if figure.kept else "MISSED"
        print(f"{mark}  {figure.name}: {figure.measured} (promised: {figure.promised})", flush=True)
        kept = kept and figure.kept
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
