"""Windows and ropes: what llama.cpp keeps of a config.json is passed over, what it drops is named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sage_edge.models.errors import ModelError
from sage_edge.models.inspect import architectures, positions
from sage_edge.models.inspect.classify import classify
from sage_edge.models.prepare import gguf_tools
from tests.models import building, quick

FULL, SLIDING = "full_attention", "sliding_attention"
WINDOW = {"sliding_window": 300}
QWEN = {**WINDOW, "use_sliding_window": True, "max_window_layers": 0}
YARN = {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 64}
LLAMA3 = {"rope_type": "llama3", "factor": 8.0, "original_max_position_embeddings": 64}


def config(family: str, changes: dict[str, Any]) -> dict[str, Any]:
    """A config.json of two layers (12 for Gemma 3) that reads 4,096 tokens."""
    layers = 12 if family == "gemma3_text" else 2
    return {"model_type": family, "num_hidden_layers": layers, "max_position_embeddings": 4096, **changes}


LOST: dict[str, tuple[str, dict[str, Any], str]] = {
    "a window": ("qwen2", QWEN, "sliding_window = 300, in 2 of its 2 layers; llama.cpp would have it in 0"),
    "by layers": (
        "qwen2",
        {**QWEN, "layer_types": [FULL, SLIDING]},
        "sliding_window = 300, in 1 of its 2 layers; llama.cpp would have it in 0",
    ),
    "from a layer on": (
        "qwen3",
        {**QWEN, "max_window_layers": 1},
        "sliding_window = 300, in 1 of its 2 layers; llama.cpp would have it in 0",
    ),
    "phi3's": ("phi3", WINDOW, "sliding_window = 300, in 2 of its 2 layers; llama.cpp would have it in 0"),
    "a stranger's": ("mistral", WINDOW, "sliding_window = 300, in 2 of its 2 layers; llama.cpp would have it in 0"),
    "another pattern": (
        "gemma3_text",
        {**WINDOW, "layer_types": [SLIDING, FULL] * 6},
        "sliding_window = 300, in 6 of its 12 layers; llama.cpp would have it in 10",
    ),
    "the old word for it": (
        "gemma3_text",
        {**WINDOW, "sliding_window_pattern": 3},
        "sliding_window = 300, in 8 of its 12 layers; llama.cpp would have it in 10",
    ),
    "no window but llama.cpp's": (
        "gemma2",
        {**WINDOW, "layer_types": [FULL, FULL]},
        "sliding_window = 300, in 0 of its 2 layers; llama.cpp would have it in 1",
    ),
    "strange layers": (
        "qwen2",
        {**QWEN, "layer_types": ["chunked_attention"]},
        "layers of the kind 'chunked_attention'",
    ),
    "llama3 elsewhere": ("qwen2", {"rope_scaling": LLAMA3}, "a rope of the kind 'llama3'"),
    "long and short": ("phi3", {"rope_scaling": {"type": "longrope"}}, "a rope of the kind 'longrope'"),
    "long in llama": ("llama", {"rope_parameters": {"rope_type": "longrope"}}, "a rope of the kind 'longrope'"),
    "linear": ("gemma2", {"rope_scaling": {"type": "linear", "factor": 2.0}}, "a rope of the kind 'linear'"),
    "in windows": (
        "gemma3_text",
        {"rope_parameters": {FULL: {"rope_type": "default"}, SLIDING: YARN}},
        "a rope of the kind 'yarn' in sliding_attention",
    ),
    "a kind of nothing": ("llama", {"rope_scaling": {"rope_type": 7}}, "a rope of the kind 7"),
    "more of yarn": (
        "llama",
        {"rope_scaling": {**YARN, "truncate": False}},
        "'truncate' of its rope of the kind 'yarn'",
    ),
    "two ropes": (
        "llama",
        {"rope_parameters": None, "rope_scaling": YARN},
        "rope_scaling, which stands beside other rope_parameters",
    ),
    "two bases": (
        "qwen2",
        {"rope_theta": 10_000.0, "rope_parameters": {"rope_type": "default", "rope_theta": 1e6}},
        "rope_theta = 10000.0, which stands beside another rope_theta = 1000000.0 of its rope",
    ),
    "two bases, old": (
        "qwen2",
        {"rope_theta": 10_000.0, "rope_scaling": {"type": "linear", "factor": 2.0, "rope_theta": 1e6}},
        "rope_theta = 10000.0, which stands beside another rope_theta = 1000000.0 of its rope",
    ),
    "two bases in windows": (
        "gemma3_text",
        {"rope_local_base_freq": 10_000.0, "rope_parameters": {FULL: {}, SLIDING: {"rope_theta": 5e5}}},
        (
            "rope_local_base_freq = 10000.0, which stands beside another rope_theta = 500000.0 of its rope "
            "in sliding_attention"
        ),
    ),
    "two lengths": (
        "llama",
        {"original_max_position_embeddings": 256, "rope_scaling": {**YARN, "original_max_position_embeddings": 512}},
        (
            "original_max_position_embeddings = 256, which stands beside another "
            "original_max_position_embeddings = 512 of its rope"
        ),
    ),
    "the base": ("phi", {"rope_theta": 500_000.0}, "rope_theta = 500000.0"),
    "the base, new": (
        "gemma",
        {"rope_parameters": {"rope_theta": 5e5, "rope_type": "default"}},
        "rope_theta = 500000.0",
    ),
    "an inner config": (
        "gemma3",
        {"text_config": {"model_type": "qwen2", "rope_scaling": LLAMA3}},
        "a rope of the kind 'llama3'",
    ),
}


@pytest.mark.parametrize("case", LOST)
def test_what_is_dropped_is_named(case: str) -> None:
    family, changes, says = LOST[case]
    assert positions.lost(config(family, changes)) == (says,)


@pytest.mark.parametrize(
    ("family", "changes"),
    [
        *((known.name, {}) for known in architectures.KNOWN),
        ("qwen2", {**QWEN, "use_sliding_window": False}),
        ("qwen2", {"sliding_window": 300}),
        ("qwen2", {**QWEN, "max_window_layers": 2}),
        ("qwen2", {**QWEN, "sliding_window": None}),
        ("phi3", {"sliding_window": 4096}),
        ("phi3", {"sliding_window": None}),
        ("mistral", {"sliding_window": None}),
        ("llama", WINDOW),  # transformers reads none, either
        ("gemma3_text", WINDOW),
        ("gemma3_text", {**WINDOW, "layer_types": ([SLIDING] * 5 + [FULL]) * 2}),
        ("gemma2", WINDOW),
        ("llama", {"rope_scaling": LLAMA3}),
        ("llama", {"rope_parameters": YARN}),
        ("llama", {"rope_scaling": YARN, "rope_parameters": YARN}),
        ("qwen2", {"rope_scaling": {"type": "dynamic", "factor": 2.0}}),
        ("qwen2", {"rope_scaling": YARN, "rope_theta": 1e6}),
        ("gemma", {"rope_theta": 10_000}),
        ("qwen2", {"rope_theta": 1_000_000, "rope_parameters": {"rope_type": "default", "rope_theta": 1e6}}),
        ("qwen2", {"rope_theta": 1e6, "rope_parameters": {"rope_type": "default", "rope_theta": None}}),
        ("gemma3_text", {"rope_parameters": {FULL: {"rope_type": "linear", "factor": 8.0}, SLIDING: {}}}),
    ],
)
def test_what_is_kept_is_passed_over(family: str, changes: dict[str, Any]) -> None:
    assert positions.lost(config(family, changes)) == ()


def test_every_known_architecture_has_a_row() -> None:
    assert set(positions.RULES) == {known.name for known in architectures.KNOWN}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9), st.lists, max_leaves=3
)
KEYS = ("sliding_window", "layer_types", "num_hidden_layers", "max_window_layers", "sliding_window_pattern")
ROPES = st.dictionaries(st.sampled_from(["rope_type", "type", "factor", FULL, SLIDING]), JSON)


@given(
    st.sampled_from([*positions.RULES, "mistral"]),
    st.dictionaries(st.sampled_from([*KEYS, "use_sliding_window", "text_config"]), JSON),
    st.dictionaries(st.sampled_from(["rope_scaling", "rope_parameters"]), JSON | ROPES),
)
def test_whatever_stands_there_is_read_without_a_fault(
    family: str, changes: dict[str, Any], ropes: dict[str, Any]
) -> None:
    assert all(part.isprintable() for part in positions.lost(config(family, {**changes, **ropes})))


def test_no_gguf_is_made_of_what_it_would_drop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would answer alike within the window, where parity asks, and otherwise beyond."""
    monkeypatch.setattr(gguf_tools, "_converter", None)
    changes = {"sliding_window": 100, "use_sliding_window": True, "max_window_layers": 0}
    source = building.plant(tmp_path / "m", {**quick.BASE, "config.json": {"config": {"of": "qwen2", **changes}}})
    part = "sliding_window = 100, in 2 of its 2 layers; llama.cpp would have it in 0"
    assert f"a GGUF of it would lose {part}" in classify(source).notes
    with pytest.raises(ModelError) as refused:
        gguf_tools.convert(source, tmp_path / "out.gguf", name="x", cache=tmp_path)
    assert refused.value.message == f"a GGUF of m would be another model: llama.cpp does not keep {part}"
    assert not (tmp_path / "out.gguf").exists()
