"""The estimate against the figures that facts know, against a board's card, and against a process that speaks."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from sage_edge.inventory import load
from sage_edge.models.errors import DoesNotFit
from sage_edge.models.inspect.classify import classify
from sage_edge.models.inspect.dimensions import Dimensions
from sage_edge.models.inspect.memory import estimate
from sage_edge.models.resolve import SHIPPED
from sage_edge.models.shipped_card import read_all
from sage_edge.names import ModelRef
from tests.benchmarks import random_gguf
from tests.models.inspect import peak
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


SEEDLING = ModelRef("sage/seedling:q8_0")
RANDOM = ModelRef("bench/random:q8_0")


def estimated(path: Path, context: int) -> int:
    """What the estimate says of a file."""
    report = classify(path)
    assert report.dimensions is not None
    return estimate(report.dimensions, report.weight_bytes, "gguf", context=context).needs


@pytest.mark.slow
@pytest.mark.parametrize("context", [512, 1_024])
def test_the_seedling_takes_what_is_estimated(context: int, tmp_path: Path) -> None:
    pytest.importorskip("llama_cpp")
    needs, taken = (
        estimated(SHIPPED / "seedling" / "seedling.gguf", context),
        peak.measured(SEEDLING, context, tmp_path),
    )
    print(f"{context} tokens: {taken / 1e6:.1f} MB taken, {needs / 1e6:.1f} MB estimated")
    assert needs == pytest.approx(taken, rel=0.1)


@pytest.mark.full  # minutes
def test_a_model_of_half_a_billion_takes_what_is_estimated(tmp_path: Path) -> None:
    pytest.importorskip("llama_cpp")
    shelf = random_gguf.shelf(tmp_path)
    needs = estimated(shelf / "random" / "random.gguf", 1_024)
    taken = peak.measured(RANDOM, 1_024, tmp_path, shelf)
    print(f"1024 tokens: {taken / 1e6:.1f} MB taken, {needs / 1e6:.1f} MB estimated")
    assert needs == pytest.approx(taken, rel=0.1)


def test_the_seedlings_card_asks_for_what_it_takes() -> None:
    path, card = read_all(SHIPPED)[SEEDLING]
    needs = estimated(path.with_name(card.file), card.context_length)
    assert needs <= card.minimum_memory_bytes <= 1.1 * needs
