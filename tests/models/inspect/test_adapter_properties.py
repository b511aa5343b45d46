"""Any adapter_config.json and any tensors: judged without an exception, and nothing that asks for more passes unnamed.

These look at headers alone; `tests/models/prepare/test_generated_merges.py` merges.
"""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from sage_edge.models.inspect import Tensor, adapter_settings, adapter_tensors
from sage_edge.models.inspect.json_limits import UntrustedJson
from tests.examples import BY_TIER, draw
from tests.models import building

SCALARS = st.none() | st.booleans() | st.integers(-9, 9) | st.floats(allow_nan=False) | st.text(max_size=6)
JSON: st.SearchStrategy[UntrustedJson] = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3)
)
KEYS = st.sampled_from(
    sorted({*adapter_settings.FREE, *adapter_settings.NOT_MERGED, *adapter_settings.EXPECTED, "init_lora_weights"})
) | st.text(min_size=1, max_size=8)
MODULES = st.sampled_from(
    [
        "model.layers.0.self_attn.q_proj",
        "model.layers.1.mlp.down_proj",
        "model.embed_tokens",
        "lm_head",
        "model.norm",
        "",
    ]
)
ENDINGS = st.sampled_from(
    [
        ".lora_A.weight",
        ".lora_B.weight",
        ".lora_B.bias",
        ".lora_embedding_A",
        ".lora_embedding_B",
        ".lora_magnitude_vector",
        ".token_adapter.trainable_tokens_delta",
        ".base_layer.weight",
        ".base_layer.bias",
        ".weight",
        ".bias",
        ".lora_diag",
        "",
    ]
)
SHAPES = st.lists(st.integers(0, 5), max_size=3).map(tuple)
LOOSE = st.dictionaries(st.tuples(MODULES, ENDINGS), SHAPES, max_size=8)


@BY_TIER
def test_a_key_that_nobody_knows_is_refused_by_its_name_unless_it_is_empty(examples: int) -> None:
    known = {*adapter_settings.FREE, *adapter_settings.NOT_MERGED, *adapter_settings.EXPECTED, "init_lora_weights"}

    def check(key: str, value: UntrustedJson) -> None:
        told = adapter_settings.refusals({**building.ADAPTER, key: value})
        if key not in known or key in adapter_settings.NOT_MERGED:
            assert bool(told) == bool(value)
        assert all(f" {key[:80]} = " in sentence or key == "peft_type" for sentence in told)

    draw(examples, check, KEYS, JSON)


@BY_TIER
def test_any_config_is_judged(examples: int) -> None:
    def check(config: dict[str, UntrustedJson]) -> None:
        told = adapter_settings.refusals({"peft_type": "LORA", "lora_alpha": 4, **config})
        assert all(isinstance(sentence, str) and sentence.startswith("its adapter") for sentence in told)

    draw(examples, check, st.dictionaries(KEYS, JSON, max_size=8))


def tensors(shapes: dict[tuple[str, str], tuple[int, ...]]) -> dict[str, Tensor]:
    """Tensors of these names and shapes; where they lie is not looked at."""
    names = {f"base_model.model.{module}{ending}": shape for (module, ending), shape in shapes.items()}
    return {name: Tensor(name, "F32", shape, 0, 0) for name, shape in names.items()}


@BY_TIER
def test_whatever_lies_in_an_adapter_is_a_pair_or_asked_for_or_told(examples: int) -> None:
    """With a plain config: only whole pairs of its targets pass, and embeddings, which are held against the base."""

    def check(shapes: dict[tuple[str, str], tuple[int, ...]]) -> None:
        there = tensors(shapes)
        told = adapter_tensors.disagreements({**building.ADAPTER, "target_modules": ["q_proj"]}, there)
        plain = {
            name: [shape for (module, ending), shape in shapes.items() if module.endswith("q_proj") and ending == name]
            for name in (".lora_A.weight", ".lora_B.weight")
        }
        a, b = plain.values()
        fits = bool(a and b) and len(a[0]) == len(b[0]) == 2 and a[0][0] == b[0][1] == building.ADAPTER["r"]
        pairs = {key for key in shapes if key[0].endswith("q_proj") and key[1] in plain}
        others = {key for key in shapes if key not in pairs}
        beside = {
            key
            for key in others
            if key[0] in ("model.embed_tokens", "lm_head")
            and key[1] in (".weight", ".bias", ".base_layer.weight", ".base_layer.bias")
        }
        assert (told == ()) == (fits and others == beside), told

    draw(examples, check, LOOSE)


@BY_TIER
def test_what_is_asked_for_passes_and_the_same_unasked_does_not(examples: int) -> None:
    def check(rank: int, alpha: float, switches: dict[str, bool], tokens: list[int], saved: bool) -> None:
        stem = "base_model.model.model.layers.0.self_attn.q_proj"
        config: dict[str, Any] = {**building.ADAPTER, "r": rank, "lora_alpha": alpha, "target_modules": ["q_proj"]}
        config |= {
            **switches,
            "trainable_token_indices": tokens or None,
            "modules_to_save": ["norm"] if saved else None,
        }
        shapes: dict[str, tuple[int, ...]] = {f"{stem}.lora_A.weight": (rank, 32), f"{stem}.lora_B.weight": (32, rank)}
        asked = {
            f"{stem}.lora_magnitude_vector": (switches["use_dora"], (32,)),
            f"{stem}.lora_B.bias": (switches["lora_bias"], (32,)),
            "base_model.model.model.embed_tokens.token_adapter.trainable_tokens_delta": (
                bool(tokens),
                (len(tokens), 32),
            ),
            "base_model.model.model.norm.weight": (saved, (32,)),
        }
        shapes |= {name: shape for name, (is_asked, shape) in asked.items() if is_asked}
        there = {name: Tensor(name, "F32", shape, 0, 0) for name, shape in shapes.items()}
        assert adapter_settings.refusals(config) == ()
        assert adapter_tensors.disagreements(config, there) == ()
        for name, (is_asked, shape) in asked.items():
            if not is_asked:
                more = {**there, name: Tensor(name, "F32", shape, 0, 0)}
                assert adapter_tensors.disagreements(config, more) != (), name
        fewer = {name: tensor for name, tensor in there.items() if not name.endswith("lora_B.weight")}
        assert adapter_tensors.disagreements(config, fewer) != ()

    switches = st.fixed_dictionaries(
        {"use_dora": st.booleans(), "lora_bias": st.booleans(), "use_rslora": st.booleans()}
    )
    numbers = st.integers(-64, 64) | st.floats(-64, 64)
    draw(examples, check, st.integers(1, 64), numbers, switches, st.lists(st.integers(0, 9), max_size=3), st.booleans())
