"""Plans of tensors, held against the numbers that facts know."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import pytest

from sage_edge.models.inspect import shapes
from sage_edge.models.inspect.architectures import QWEN2
from sage_edge.models.inspect.dimensions import Dimensions, MissingDimension, from_config
from sage_edge.models.inspect.shapes import Packing
from sage_edge.models.manifest import ModelContainer
from tests.models import building

HALF_BILLION = Dimensions("qwen2", 896, 4_864, 24, 14, 2, 64, 151_936, 32_768)
FOURTEEN_BILLION = Dimensions("qwen2", 5_120, 13_824, 48, 40, 8, 128, 152_064, 32_768, tied=False)
SMOLLM2 = Dimensions("llama", 576, 1_536, 30, 9, 3, 64, 49_152, 8_192)
PHI_TWO = Dimensions("phi", 2_560, 10_240, 32, 32, 32, 80, 51_200, 2_048, tied=False)


def parameters(dimensions: Dimensions, container: ModelContainer = "safetensors") -> int:
    plan = shapes.plan(dimensions, container)
    assert plan is not None
    return sum(math.prod(shape) for shape in plan.needed.values())


def test_the_plans_have_the_published_parameters_and_tensors() -> None:
    assert parameters(HALF_BILLION) == 494_032_768  # facts §3.1
    assert parameters(HALF_BILLION, "gguf") == 494_032_768
    assert 2 * parameters(FOURTEEN_BILLION) == 29_540_067_328  # facts §3.5, bf16
    assert parameters(PHI_TWO) == 2_779_683_840
    plan = shapes.plan(FOURTEEN_BILLION, "safetensors")
    assert plan is not None
    assert len(plan.needed) == 579  # the legacy index names as many
    gguf = shapes.plan(HALF_BILLION, "gguf")
    assert gguf is not None
    assert len(gguf.needed) == 290  # facts §3.3
    assert parameters(SMOLLM2) == 134_515_008  # facts-mind M8
    small = shapes.plan(SMOLLM2, "gguf")
    assert small is not None
    assert len(small.needed) == 272  # facts-mind M8


@pytest.mark.parametrize("switches", [frozenset({"fused"}), frozenset[str]()])
def test_phi_as_gguf_in_both_layouts(switches: frozenset[str]) -> None:
    plan = shapes.plan(dataclasses.replace(PHI_TWO, switches=switches), "gguf")
    assert plan is not None
    assert sum(math.prod(shape) for shape in plan.needed.values()) == 2_779_683_840
    assert ("blk.0.attn_qkv.weight" in plan.needed) == bool(switches)


def test_awq_packs_the_matrices_of_the_layers() -> None:
    plan = shapes.plan(FOURTEEN_BILLION, "safetensors", Packing(4, 128))
    assert plan is not None
    stem = "model.layers.0.mlp.down_proj"
    assert plan.needed[f"{stem}.qweight"] == (13_824, 640)
    assert plan.needed[f"{stem}.qzeros"] == (108, 640)
    assert plan.needed[f"{stem}.scales"] == (108, 5_120)
    assert plan.needed["model.layers.0.self_attn.q_proj.bias"] == (5_120,)
    assert plan.needed["lm_head.weight"] == (152_064, 5_120)
    words = {"qweight": 4, "qzeros": 4, "scales": 2}
    size = sum(math.prod(shape) * words.get(name.rsplit(".")[-1], 2) for name, shape in plan.needed.items())
    assert size == pytest.approx(9.98e9, rel=0.005)  # facts §3.5: AWQ g128 9.98 GB


def test_a_family_that_nobody_knows_has_no_plan() -> None:
    assert shapes.plan(dataclasses.replace(HALF_BILLION, family="mamba"), "safetensors") is None


BAD: list[tuple[dict[str, Any], str]] = [
    ({"hidden_size": 0}, "says hidden_size = 0, expected a whole number from 1 to 16777216"),
    ({"hidden_size": 896.0}, "says hidden_size = 896.0, expected a whole number from 1 to 16777216"),
    ({"hidden_size": True}, "says hidden_size = True, expected a whole number from 1 to 16777216"),
    ({"vocab_size": "many"}, "says vocab_size = 'many', expected a whole number from 1 to 16777216"),
    ({"num_hidden_layers": 2000}, "says num_hidden_layers = 2000, expected a whole number from 1 to 1024"),
    ({"num_key_value_heads": 3}, "has attention heads that do not share its key-value heads evenly"),
    ({"num_attention_heads": 64}, "has more attention heads than its hidden size"),
]


@pytest.mark.parametrize(("change", "why"), BAD)
def test_dimensions_that_cannot_be(change: dict[str, Any], why: str) -> None:
    with pytest.raises(MissingDimension) as caught:
        from_config({**building.QWEN2, **change}, QWEN2)
    assert str(caught.value) == why
