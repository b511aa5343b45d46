"""Holds an adapter's tensors against its own config: pairs, ranks, target modules, and what lies beside the pairs.

<module>.lora_A.weight, .lora_B.weight                 (rank, columns) and (rows, rank)
<module>.lora_embedding_A, .lora_embedding_B           of an embedding
<module>.lora_B.bias                                   with lora_bias
<module>.lora_magnitude_vector                         with use_dora
<module>.token_adapter.trainable_tokens_delta          (tokens, hidden), with trainable_token_indices
<module>.bias, <module>.base_layer.bias                with bias: all or lora_only
<module>.weight, …                                     with modules_to_save
embed_tokens and lm_head (.base_layer).weight          the base's own, which PEFT saves beside a changed one
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from sage_edge.models.inspect import safetensors_header
from sage_edge.models.inspect.adapter_settings import MOST_RANK
from sage_edge.models.inspect.bounded import Tensor, short
from sage_edge.models.inspect.json_limits import UntrustedJson

_LORA = re.compile(r"(?P<stem>.+)\.(?:lora_(?P<side>[AB]|embedding_[AB]))(?:\.weight)?")
EMBEDDINGS = ("embed_tokens", "lm_head")
"""The matrices that a base may hold as one."""
_BESIDE = {"use_dora": ".lora_magnitude_vector", "lora_bias": ".lora_B.bias"}
_DELTA = ".token_adapter.trainable_tokens_delta"
_MOST_NAMED = 3

_Pairs = dict[str, dict[str, Tensor]]


def disagreements(config: Mapping[str, UntrustedJson], tensors: Mapping[str, Tensor]) -> tuple[str, ...]:
    """Say where an adapter's tensors are not those of its config; of a LoRA whose settings are `adapter_settings`'."""
    rank = config.get("r")
    if type(rank) is not int or not 1 <= rank <= MOST_RANK:
        return (f"its adapter_config.json says r = {short(rank)}, expected a whole number from 1 to {MOST_RANK}",)
    pairs, others = _sorted(tensors)
    if not pairs:
        return ("it holds no LoRA matrices",)
    faults = [
        f"{name[:80]} is written in {tensor.kind}, and no scale stands beside it"
        for name, tensor in tensors.items()
        if tensor.kind not in safetensors_header.FLOATS
    ]
    faults += [fault for stem, sides in pairs.items() for fault in _pair(stem, sides, config, rank)]
    faults += [
        f"{stem[:80]} lacks its {ending[1:]}"
        for key, ending in _BESIDE.items()
        if config.get(key) is True
        for stem in pairs
        if stem + ending not in tensors
    ]
    faults += [fault for name in others if (fault := _other(name, others[name], config))]
    return tuple(faults[:_MOST_NAMED])


def _sorted(tensors: Mapping[str, Tensor]) -> tuple[_Pairs, dict[str, Tensor]]:
    """LoRA's matrices by module, and everything else."""
    pairs: _Pairs = {}
    others = {}
    for name, tensor in tensors.items():
        if match := _LORA.fullmatch(name):
            pairs.setdefault(match["stem"], {})[match["side"][-1]] = tensor
        else:
            others[name] = tensor
    return pairs, others


def _pair(stem: str, sides: Mapping[str, Tensor], config: Mapping[str, UntrustedJson], rank: int) -> list[str]:
    if set(sides) != {"A", "B"}:
        return [f"{stem[:80]} has lora_{next(iter(sides))} only"]
    a, b = sides["A"], sides["B"]
    if len(a.shape) != 2 or len(b.shape) != 2 or a.shape[0] != b.shape[1]:
        return [f"{stem[:80]} has lora_A {list(a.shape)} and lora_B {list(b.shape)}, which cannot be multiplied"]
    faults = []
    pattern = config.get("rank_pattern")
    ranks = (rank, *pattern.values()) if isinstance(pattern, dict) else (rank,)
    if a.shape[0] not in ranks:
        faults.append(f"{stem[:80]} has rank {a.shape[0]}, its config says {' or '.join(map(short, ranks[:5]))}")
    targets = config.get("target_modules")
    if isinstance(targets, list) and not any(_meant(stem, target, config) for target in targets):
        faults.append(f"{stem[:80]} is not among the target_modules")
    return faults


def _meant(module: str, target: UntrustedJson, config: Mapping[str, UntrustedJson]) -> bool:
    """Whether a target names a module; with ensure_weight_tying each embedding stands for the other one, too."""
    if not isinstance(target, str):
        return False
    is_tying = config.get("ensure_weight_tying") is True and module.rpartition(".")[2] in EMBEDDINGS
    is_twin = is_tying and target.rpartition(".")[2] in EMBEDDINGS
    return is_twin or module == target or module.endswith(f".{target}")


def _other(name: str, tensor: Tensor, config: Mapping[str, UntrustedJson]) -> str | None:
    """What is wrong with a tensor that is none of a pair."""
    if name.endswith(_DELTA):
        asked = config.get("trainable_token_indices")
        lists = list(asked.values()) if isinstance(asked, dict) else [asked]
        counts = [len(tokens) for tokens in lists if isinstance(tokens, list)]
        if asked and tensor.shape[:1] in [(count,) for count in counts]:
            return None
        return f"{name[:120]} has the shape {list(tensor.shape)}, its config names {counts or 'no'} tokens"
    for key, ending in _BESIDE.items():
        if name.endswith(ending):
            return None if config.get(key) is True else f"it holds {name[:120]}, but its config does not say {key}"
    is_known = (
        is_saved_whole(name, config)
        or (name.endswith(".bias") and config.get("bias") in ("all", "lora_only"))
        or base_embedding(name) is not None
    )
    return None if is_known else f"it holds {name[:120]}, of which its config does not speak"


def is_saved_whole(name: str, config: Mapping[str, UntrustedJson]) -> bool:
    """Whether a tensor belongs to one of `modules_to_save`: a module whose name ends so, or anything inside of it."""
    wanted = config.get("modules_to_save")
    parts = name.split(".")
    modules = [".".join(parts[:count]) for count in range(1, len(parts))]
    targets = [target for target in wanted if isinstance(target, str)] if isinstance(wanted, list) else []
    return ".base_layer." not in name and any(
        module.endswith(target) or _meant(module, target, config) for target in targets for module in modules
    )


def base_embedding(name: str) -> str | None:
    """Return the base's name for an embedding that an adapter holds beside its changes; None for any other tensor."""
    plain = name.removeprefix("base_model.model.").replace(".base_layer.", ".")
    module, _, kind = plain.rpartition(".")
    return plain if kind in ("weight", "bias") and module.rpartition(".")[2] in EMBEDDINGS else None


def tied_changes(names: Sequence[str]) -> str | None:
    """Say what an adapter changes in one of two embeddings that its base holds as one; None where all stays as meant.

    A matrix beside one of them would, merged, change both; so would tokens of the head. Tokens of the embedding are
    both's in PEFT, too, and an embedding saved whole parts the two.
    """
    for name in names:
        match = _LORA.fullmatch(name)
        stem = match["stem"] if match else name.removesuffix(_DELTA) if name.endswith(_DELTA) else ""
        module = stem.rpartition(".")[2]
        if module in EMBEDDINGS and (match or module != EMBEDDINGS[0]):
            both = " and ".join(EMBEDDINGS)
            return f"it changes {module}, which its base shares: merged, {both} would both change (tie_word_embeddings)"
    return None
