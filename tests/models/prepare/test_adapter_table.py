"""An adapter's every target, in every way, on every kind of base: equal when it is measured, or refused by name."""

from __future__ import annotations

import dataclasses
import itertools
import json
import re
import typing
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sage_edge.models.errors import CannotMerge, ModelError, ParityFailed
from sage_edge.models.inspect import adapter_settings
from sage_edge.models.inspect.classify import classify
from sage_edge.models.prepare import merge
from tests.models.prepare.peft_adapters import (
    TinyBase,
    adapter_folder,
    base_folder,
    measured,
    proven,
    quiet,
)

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning")
BASES = [TinyBase(family, tied) for family, tied in itertools.product(("llama", "qwen2"), (False, True))]
QV = ["q_proj", "v_proj"]
TOUCHED: dict[str, dict[str, Any]] = {
    "attention": {},
    "mlp": {"target_modules": ["down_proj", "gate_proj"]},
    "all": {"target_modules": "all-linear"},
    "embedding": {"target_modules": [*QV, "embed_tokens"]},
    "head": {"target_modules": [*QV, "lm_head"]},
    "embedding and head": {"target_modules": [*QV, "embed_tokens", "lm_head"]},
    "some tokens": {"trainable_token_indices": [1, 5]},
    "some tokens of the head": {"trainable_token_indices": {"lm_head": [1, 5]}},
    "some tokens of both": {"trainable_token_indices": {"embed_tokens": [1, 5], "lm_head": [1, 5]}},
    "other tokens of each": {"trainable_token_indices": {"embed_tokens": [1, 5], "lm_head": [2, 6]}},
    "norms whole": {"modules_to_save": ["norm"]},
    "a matrix whole": {"modules_to_save": ["down_proj"]},
    "embedding whole": {"modules_to_save": ["embed_tokens"]},
    "head whole": {"modules_to_save": ["lm_head"]},
    "embedding and head whole": {"modules_to_save": ["embed_tokens", "lm_head"]},
}
HOW: dict[str, dict[str, Any]] = {
    "plain": {},
    "dora": {"use_dora": True},
    "rslora": {"use_rslora": True},
    "ranks by name": {"rank_pattern": {"q_proj": 2}, "alpha_pattern": {"v_proj": 32}},
    "lora_bias": {"lora_bias": True},
    "bias all": {"bias": "all"},
    "bias lora_only": {"bias": "lora_only"},
    "fan_in_fan_out": {"fan_in_fan_out": True},
    "ensure_weight_tying": {"ensure_weight_tying": True},
}
IN_EMBEDDINGS = ("embedding", "head", "embedding and head")
NO_SUCH = "PEFT makes none"
TIED = r"it changes (lm_head|embed_tokens), which its base shares: merged, embed_tokens and lm_head would both change"


def refusal_of(base: TinyBase, touched: str, how: str) -> str | None:
    """Which refusal a combination must meet; None for one that must be measured equal."""
    if how == "lora_bias" and "embedding" in touched and touched in IN_EMBEDDINGS:
        return NO_SUCH
    if how == "ensure_weight_tying" and base.tied and touched == "other tokens of each":
        return NO_SUCH
    if base.tied and touched in (*IN_EMBEDDINGS, "some tokens of the head", "other tokens of each"):
        return TIED
    if how == "lora_bias" and (base.family == "llama" or touched in ("mlp", "all", "head")):
        return r"PEFT refuses: Impossible to merge LoRA with `lora_bias=True` because the base layer has no bias"
    return None


@pytest.fixture(scope="module")
def bases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the bases are made, each once."""
    return tmp_path_factory.mktemp("bases")


def _combinations() -> Iterator[Any]:
    """All of them; those that say little more than others wait for `--full`."""
    for touched, how in itertools.product(TOUCHED, HOW):
        tells = how in ("plain", "ensure_weight_tying") or touched in ("attention", "embedding and head")
        yield pytest.param(touched, how, marks=pytest.mark.slow if tells else pytest.mark.full)


@pytest.mark.parametrize(("touched", "how"), list(_combinations()))
def test_every_combination_is_measured_equal_or_refused_by_name(
    touched: str, how: str, bases: Path, tmp_path: Path
) -> None:
    for base in BASES:
        folder, expected = base_folder(bases, base), refusal_of(base, touched, how)
        try:
            adapter = adapter_folder(folder, tmp_path / base.name, **{**TOUCHED[touched], **HOW[how]})
        except (ValueError, TypeError, NotImplementedError):
            if expected == NO_SUCH:
                continue
            raise
        if expected is None:
            assert proven(folder, adapter, tmp_path).max_logit_difference < 1e-4, base
        else:
            with pytest.raises(ModelError, match=expected):
                proven(folder, adapter, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize(
    "settings", [{}, {"use_rslora": True}, {"rank_pattern": {"q_proj": 2}, "alpha_pattern": {"q_proj": 3}}]
)
def test_merged_is_the_base_and_its_scaled_product(settings: dict[str, Any], bases: Path, tmp_path: Path) -> None:
    """W + s·B·A, reckoned here from the files alone; s is alpha / r, with rslora alpha / sqrt(r)."""
    import torch
    from safetensors.torch import load_file

    base = base_folder(bases, TinyBase())
    adapter = adapter_folder(base, tmp_path / "adapter", **settings)
    proven(base, adapter, tmp_path)
    before, after = load_file(base / "model.safetensors"), load_file(tmp_path / "merged" / "model.safetensors")
    pairs = load_file(adapter / "adapter_model.safetensors")
    for name in ("q_proj", "v_proj"):
        stem = f"model.layers.0.self_attn.{name}"
        a, b = (pairs[f"base_model.model.{stem}.lora_{side}.weight"].double() for side in "AB")
        rank = a.shape[0]
        alpha = 3 if name == "q_proj" and "alpha_pattern" in settings else 8
        scale = alpha / (rank**0.5 if settings.get("use_rslora") else rank)
        want = before[f"{stem}.weight"].double() + scale * (b @ a)
        assert torch.allclose(after[f"{stem}.weight"].double(), want, atol=1e-6)


@pytest.mark.slow
def test_an_init_is_exact_when_two_loads_leave_the_base_as_it_is(bases: Path, tmp_path: Path) -> None:
    import torch
    from peft import PeftModel

    base = base_folder(bases, TinyBase())
    plain = merge.load(base).state_dict()
    for init in (*adapter_settings.EXACT_INITS, "pissa", "pissa_niter_2", "olora"):
        adapter = adapter_folder(base, tmp_path / "adapter", init_lora_weights=init)
        with quiet():
            loaded = PeftModel.from_pretrained(merge.load(base), adapter).state_dict()
        held = {
            name.removeprefix("base_model.model.").replace(".base_layer.", "."): value for name, value in loaded.items()
        }
        is_left = all(torch.equal(held[name], value) for name, value in plain.items())
        assert is_left == classify(adapter).is_adapter == (init in adapter_settings.EXACT_INITS), init


@pytest.mark.slow
def test_a_base_that_is_rewritten_by_chance_is_measured_even_if_nobody_looked_at_the_config(
    bases: Path, tmp_path: Path
) -> None:
    base = base_folder(bases, TinyBase())
    adapter = adapter_folder(base, tmp_path / "adapter", init_lora_weights="pissa_niter_2")
    with pytest.raises(ParityFailed, match=r"it is \S+ away in logits from its base with the adapter unmerged"):
        measured(base, adapter, tmp_path)


def _zero(adapter: Path, ending: str) -> None:
    from safetensors.torch import load_file, save_file

    path = adapter / "adapter_model.safetensors"
    weights = load_file(path)
    save_file({name: value * 0 if name.endswith(ending) else value for name, value in weights.items()}, path)


def _rewrite(adapter: Path, **changes: Any) -> None:
    path = adapter / "adapter_config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


@pytest.mark.slow
@pytest.mark.parametrize(
    "spoil",
    [
        lambda it: _zero(it, "lora_B.weight"),
        lambda it: _zero(it, "lora_A.weight"),
        lambda it: _rewrite(it, lora_alpha=0),
    ],
    ids=["B", "A", "alpha"],
)
def test_an_adapter_that_changes_nothing_is_refused(spoil: Callable[[Path], None], bases: Path, tmp_path: Path) -> None:
    base = base_folder(bases, TinyBase(tied=True))
    adapter = adapter_folder(base, tmp_path / "adapter")
    spoil(adapter)
    with pytest.raises(CannotMerge, match="the adapter changes nothing: merged, every weight is the base's"):
        proven(base, adapter, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("settings", [{"target_modules": [*QV, "lm_head"]}, {"target_modules": [*QV, "embed_tokens"]}])
def test_an_embedding_of_another_base_beside_the_changes_is_refused(
    settings: dict[str, Any], bases: Path, tmp_path: Path
) -> None:
    from safetensors.torch import load_file, save_file

    base = base_folder(bases, TinyBase())
    adapter = adapter_folder(base, tmp_path / "adapter", **settings)
    path = adapter / "adapter_model.safetensors"
    weights = load_file(path)
    (beside,) = (name for name in weights if name.endswith(".base_layer.weight"))
    weights[beside][7, 3] += 1e-3
    save_file(weights, path)
    with pytest.raises(CannotMerge, match=r"the adapter brings \S+\.weight of a base that is not this one"):
        proven(base, adapter, tmp_path)


@pytest.mark.slow
def test_a_token_that_the_base_has_not_is_refused(bases: Path, tmp_path: Path) -> None:
    base = base_folder(bases, TinyBase())
    adapter = adapter_folder(base, tmp_path / "adapter", trainable_token_indices=[1, 5])
    _rewrite(adapter, trainable_token_indices=[1, 800])
    with pytest.raises(CannotMerge, match="PEFT refuses: "):
        proven(base, adapter, tmp_path)


@pytest.mark.slow
def test_every_key_of_pefts_config_has_a_rule() -> None:
    from peft import LoraConfig

    rules = {*adapter_settings.FREE, *adapter_settings.EXPECTED, *adapter_settings.NOT_MERGED, "init_lora_weights"}
    assert {field.name for field in dataclasses.fields(LoraConfig)} == rules


@pytest.mark.slow
def test_every_init_that_peft_names_is_exact_or_refused() -> None:
    from peft import LoraConfig

    text = LoraConfig.__annotations__["init_lora_weights"]
    named = {
        name.partition("[")[0] + ("4" if "[" in name else "") for name in re.findall(r'["\']([a-z_\[\] ]+)["\']', text)
    }
    assert named >= {"gaussian", "eva", "olora", "pissa", "pissa_niter_4", "corda", "loftq", "orthogonal"}
    for name in named:
        told = adapter_settings.refusals({"peft_type": "LORA", "lora_alpha": 8, "init_lora_weights": name})
        assert bool(told) == (name not in adapter_settings.EXACT_INITS), name
        assert all("rewritten base" in sentence for sentence in told), name


@pytest.mark.slow
def test_every_other_kind_of_peft_is_refused_by_its_name() -> None:
    from peft import PeftType

    kinds = [kind.value for kind in typing.cast("Any", PeftType)]
    assert len(kinds) > 30
    for kind in kinds:
        told = adapter_settings.refusals({"peft_type": kind, "lora_alpha": 8})
        assert told == (() if kind == "LORA" else (f"its adapter is of the kind {kind!r}; LORA is known here",))
