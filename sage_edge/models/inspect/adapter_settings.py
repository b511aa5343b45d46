"""What an adapter_config.json asks for, key by key: which values are merged as they were meant, and why others are not.

PEFT leaves out a key that it does not know, and only warns. Some that it knows rewrite the base while it is loaded,
draw by chance, or act on some texts only, so that no merged weights do the same. So every key has a rule here, and one
that has none must be empty: `null`, `false`, 0, or nothing in it. Source: `LoraConfig` and its layers, PEFT 0.21.2.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping

from sage_edge.models.inspect.bounded import short
from sage_edge.models.inspect.json_limits import UntrustedJson

FREE = frozenset(
    {
        "auto_mapping",  # judged by `remote_code`
        "base_model_name_or_path",  # held against the card where it is merged
        "corda_config", "eva_config", "loftq_config", "lora_ga_config",  # of an init that its own key must allow
        "inference_mode", "lora_dropout", "megatron_core", "peft_type", "peft_version", "qalora_group_size", "r",
        "revision", "runtime_config",
    }
)  # fmt: skip
"""Keys whose values change nothing of what is merged, or are judged elsewhere."""

MOST_RANK = 4_096
"""More is no low rank, and would take memory before anything is compared."""

EXACT_INITS = (True, False, None, "gaussian", "orthogonal", "eva", "mica")
"""Values of `init_lora_weights` with which loading leaves the base as it is."""

_REWRITING = ("pissa", "olora", "corda", "loftq", "lora_ga")
_ON_SOME_TEXTS = "it acts on some texts only, so no merged weights do the same"
NOT_MERGED: Mapping[str, str] = {
    "alora_invocation_tokens": _ON_SOME_TEXTS,
    "arrow_config": "it chooses among several adapters, token by token",
    "kasa_config": "it rewrites the base while it is loaded",
    "layer_replication": "the merged model would have other layers than its config.json says",
    "megatron_config": "it belongs to a base that is spread over several processes",
    "monteclora_config": "it draws its matrices by chance",
    "target_parameters": "it changes numbers that no layer holds alone",
    "use_bdlora": "its matrices are blocks for a base that is spread over several processes",
    "use_qalora": "it was trained on packed weights, which are others",
    "velora_config": "it holds numbers of its training that no merge uses",
}
"""Keys of PEFT that must be empty, and why."""

_Expectation = Callable[[UntrustedJson], bool]


def _is_number(value: UntrustedJson) -> bool:
    return type(value) in (int, float) and math.isfinite(value)  # type: ignore[arg-type]


def _is_count(value: UntrustedJson) -> bool:
    return type(value) is int and value >= 0


def _is_texts(value: UntrustedJson) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _is_rank(value: UntrustedJson) -> bool:
    return type(value) is int and 1 <= value <= MOST_RANK


def _is_counts(value: UntrustedJson) -> bool:
    return isinstance(value, list) and all(map(_is_count, value))


def _is_pattern(each: _Expectation) -> _Expectation:
    return lambda value: value is None or (isinstance(value, dict) and all(map(each, value.values())))


def _is_switch(value: UntrustedJson) -> bool:
    return value is None or isinstance(value, bool)


def _is_names(value: UntrustedJson) -> bool:
    return value is None or _is_texts(value) or (isinstance(value, str) and _compiles(value))


def _compiles(pattern: str) -> bool:
    """Whether PEFT, which takes a text for a regular expression, can read it as one."""
    try:
        re.compile(pattern)
    except (re.error, RecursionError, OverflowError):
        return False
    return True


def _is_tokens(value: UntrustedJson) -> bool:
    return value is None or _is_counts(value) or (isinstance(value, dict) and all(map(_is_counts, value.values())))


EXPECTED: Mapping[str, tuple[_Expectation, str]] = {
    "alpha_pattern": (_is_pattern(_is_number), "a number for each name"),
    "bias": (lambda value: value in ("none", "all", "lora_only"), "none, all or lora_only"),
    "ensure_weight_tying": (_is_switch, "true or false"),
    "exclude_modules": (_is_names, "names of modules"),
    "fan_in_fan_out": (_is_switch, "true or false"),
    "layers_pattern": (_is_names, "names of modules"),
    "layers_to_transform": (lambda value: value is None or _is_count(value) or _is_counts(value), "numbers of layers"),
    "lora_alpha": (_is_number, "a number"),
    "lora_bias": (_is_switch, "true or false"),
    "modules_to_save": (lambda value: value is None or _is_texts(value), "a list of names"),
    "rank_pattern": (_is_pattern(_is_rank), "a rank for each name"),
    "target_modules": (_is_names, "names of modules"),
    "task_type": (lambda value: value in (None, "CAUSAL_LM"), "CAUSAL_LM: only what speaks is merged"),
    "trainable_token_indices": (_is_tokens, "a list of tokens, or one for each module"),
    "use_dora": (_is_switch, "true or false"),
    "use_rslora": (_is_switch, "true or false"),
}
"""Keys that a merge follows, and which values are meant."""


def refusals(config: Mapping[str, UntrustedJson]) -> tuple[str, ...]:
    """Say what an adapter_config.json asks for that no merge here would do as it was meant; empty for none."""
    if config.get("peft_type") != "LORA":
        return (f"its adapter is of the kind {short(config.get('peft_type'))}; LORA is known here",)
    reasons = [
        f"its adapter_config.json says {key[:80]} = {short(value)}{why}"
        for key, value in config.items()
        if (why := _why(key, value)) is not None
    ]
    if "lora_alpha" not in config:  # PEFT would take 8
        reasons.append("its adapter_config.json does not say lora_alpha, by which its matrices are scaled")
    return tuple(reasons)


def _why(key: str, value: UntrustedJson) -> str | None:
    """What is wrong with a value, as the end of a sentence; None for one that is merged."""
    if key in FREE:
        return None
    if key == "init_lora_weights":
        return _init(value)
    if key in EXPECTED:
        is_meant, expected = EXPECTED[key]
        return None if is_meant(value) else f", expected {expected}"
    if not value:
        return None
    return f": {NOT_MERGED[key]}" if key in NOT_MERGED else ", which is not known here and would be left out"


def _init(value: UntrustedJson) -> str | None:
    name = value.lower() if isinstance(value, str) else value
    if any(name is exact or (isinstance(exact, str) and name == exact) for exact in EXACT_INITS):
        return None
    if isinstance(name, str) and name.startswith(_REWRITING):
        return (
            ": it was trained beside a rewritten base, whose numbers are not here; save it as plain LoRA (PEFT: "
            "path_initial_model_for_weight_conversion)"
        )
    return ", which is not known here"
