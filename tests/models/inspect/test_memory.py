"""The estimate against the figures that facts know, against a board's card, and against llama.cpp itself."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from pathlib import Path

import pytest

from sage_edge.inventory import load
from sage_edge.models.errors import DoesNotFit
from sage_edge.models.inspect.classify import classify
from sage_edge.models.inspect.dimensions import Dimensions
from sage_edge.models.inspect.memory import BATCH_TOKENS, estimate
from tests.benchmarks.random_gguf import Shape, write
from tests.models.inspect.test_shapes import FOURTEEN_BILLION, HALF_BILLION, PHI_TWO

FLEET = Path(__file__).parents[3] / "fleet"
OMNI = Dimensions("qwen3_moe", 2_048, 768, 48, 32, 4, 128, 151_936, 65_536, tied=False)
Q8_BYTES, F16_BYTES = 531_000_000, 988_065_536


@pytest.mark.parametrize(
    ("dimensions", "each"),
    [(HALF_BILLION, 12_288), (FOURTEEN_BILLION, 196_608), (OMNI, 98_304), (PHI_TWO, 327_680)],
    ids=["0.5B", "14B", "30B-A3B", "phi-2"],
)
def test_a_token_costs_what_the_facts_say(dimensions: Dimensions, each: int) -> None:
    assert dimensions.kv_bytes_per_token == each
    assert estimate(dimensions, 1, "gguf", context=4_096).kv_cache == 4_096 * each


def test_the_caches_of_the_facts() -> None:
    assert estimate(HALF_BILLION, Q8_BYTES, "gguf", context=4_096).kv_cache == pytest.approx(50e6, rel=0.01)
    assert estimate(FOURTEEN_BILLION, 0, "safetensors").kv_cache == pytest.approx(6.4e9, rel=0.01)


def test_the_half_billion_fits_sprout_and_the_fourteen_do_not() -> None:
    boards = load.load(FLEET).boards
    nano, thor = boards["orin-nano"].memory_bytes, boards["agx-thor"].memory_bytes
    small = estimate(HALF_BILLION, Q8_BYTES, "gguf", context=4_096)
    assert 0.7e9 < small.needs < 0.9e9
    small.fit("qwen2.5-0.5b/instruct:q8_0", nano)
    large = estimate(FOURTEEN_BILLION, 29_540_067_328, "safetensors")
    assert 36e9 < large.needs < 42e9
    large.fit("qwen2.5-14b/instruct:bf16", thor)
    with pytest.raises(DoesNotFit) as caught:
        large.fit("qwen2.5-14b/instruct:bf16", nano)
    assert (caught.value.ref, caught.value.needs_bytes) == ("qwen2.5-14b/instruct:bf16", large.needs)
    assert caught.value.has_bytes == nano


def test_more_context_and_larger_batches_cost_more() -> None:
    base = estimate(HALF_BILLION, Q8_BYTES, "gguf", context=2_048)
    assert estimate(HALF_BILLION, Q8_BYTES, "gguf", context=4_096).needs > base.needs
    assert estimate(HALF_BILLION, Q8_BYTES, "gguf", context=2_048, batch=512).scratch > base.scratch
    assert estimate(HALF_BILLION, Q8_BYTES, "gguf").context == 32_768
    wide = dataclasses.replace(HALF_BILLION, vocabulary=152_064)
    assert estimate(wide, Q8_BYTES, "gguf", context=2_048).scratch > base.scratch


_RUN = """
import sys
import llama_cpp
model = llama_cpp.Llama(sys.argv[1], n_ctx=int(sys.argv[2]), n_batch=128, n_ubatch=128, n_threads=1, verbose=False)
model.eval(list(range(100)) * int(sys.argv[3]))
for line in open("/proc/self/status"):
    if line.startswith("VmHWM"):
        print(int(line.split()[1]) * 1024)
"""


def peak(path: Path, context: int, hundreds: int) -> int:
    """Peak resident bytes of a process that loads a model in llama.cpp and reads some hundred tokens."""
    words = [sys.executable, "-c", _RUN, str(path), str(context), str(hundreds)]
    return int(subprocess.run(words, capture_output=True, text=True, check=True).stdout)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("shape", "context"),
    [(Shape(64, 128, 2, 4, 2, 2_000, 4_096), 4_096), (Shape(896, 4_864, 24, 14, 2, 151_936, 32_768), 4_096)],
    ids=["tiny", "0.5B"],
)
def test_llama_cpp_takes_no_more_than_the_estimate(shape: Shape, context: int, tmp_path: Path) -> None:
    pytest.importorskip("llama_cpp")
    path = tmp_path / "model.gguf"
    write(path, shape)
    verdict = classify(path)
    assert verdict.dimensions is not None
    memory = estimate(verdict.dimensions, verdict.weight_bytes, "gguf", context=context, batch=BATCH_TOKENS)
    taken = peak(path, context, 3)
    print(f"{path.stat().st_size / 1e6:.0f} MB file: {taken / 1e6:.0f} MB taken, {memory.needs / 1e6:.0f} MB estimated")
    assert taken <= memory.needs <= 1.25 * taken + 80e6  # the agent around it has room in the fixed part
