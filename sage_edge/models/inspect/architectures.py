"""The decoder architectures whose tensors are known here: each is one declared value, and KNOWN lists them.

A value says which tensors a model has, under both names: those of transformers (safetensors) and of llama.cpp (GGUF).
Whatever is not in KNOWN is unknown, and never guessed. CONTRIBUTING says how one is added.

Sources: what transformers 5.23 saves for each; gguf-py's constants.py and llama.cpp's converter (conversion/*.py) of
llama-cpp-python 0.3.36; the tests compare with both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Direction = Literal[
    "hidden", "intermediate", "vocabulary", "queries", "keys", "query_key_value", "gate_up", "head_size", "half_rotary"
]
"""A size that follows from a model's dimensions (`shapes.sizes`)."""


@dataclass(frozen=True)
class ArchitecturePart:
    """One tensor of a model, or one of each layer.

    config, gguf: its name in either format, None where that format has none. size: (rows, columns).
    bias: always, never, or with models that have this switch. when, unless: only models that have, or lack, a switch.
    is_optional: may be absent. ending: what stands behind its name.
    """

    config: str | None
    gguf: str | None
    size: tuple[Direction, ...]
    bias: bool | str = False
    when: str | None = None
    unless: str | None = None
    is_optional: bool = False
    ending: str = ".weight"


@dataclass(frozen=True)
class OptionalTrait:
    """What some models of an architecture have: by a true key of config.json, or by a tensor that is in the GGUF."""

    config: str | None
    gguf: str | None


@dataclass(frozen=True)
class Architecture:
    """One architecture.

    name: transformers' `model_type`. gguf: llama.cpp's `general.architecture`. ends: tensors besides the layers' and
    the head. head_in_gguf: whether a GGUF has the output matrix. is_tied: whether the output matrix is the embedding
    where a config does not say. says_head_size: whether a model must say it, else hidden size / heads is meant.
    gguf_keys: metadata that must be there, because llama.cpp's defaults for them would be wrong, and silent.
    """

    name: str
    gguf: str
    ends: tuple[ArchitecturePart, ...]
    layer: tuple[ArchitecturePart, ...]
    head: ArchitecturePart
    head_in_gguf: Literal["needed", "optional", "never"] = "optional"
    is_tied: bool = False
    says_head_size: bool = False
    gguf_keys: tuple[str, ...] = ("attention.layer_norm_rms_epsilon",)
    switches: Mapping[str, OptionalTrait] | None = None

    @property
    def keys(self) -> tuple[str, ...]:
        """`gguf_keys` in full."""
        return tuple(f"{self.gguf}.{key}" for key in self.gguf_keys)


_EMBEDDING = ArchitecturePart("model.embed_tokens", "token_embd", ("vocabulary", "hidden"))
_HEAD = ArchitecturePart("lm_head", "output", ("vocabulary", "hidden"))
_ENDS = (_EMBEDDING, ArchitecturePart("model.norm", "output_norm", ("hidden",)))


def _attention(*bias: bool | str) -> tuple[ArchitecturePart, ...]:
    """bias: of query, key, value and output, in this order; none where not given."""
    query, key, value, output = bias or (False,) * 4
    return (
        ArchitecturePart("self_attn.q_proj", "attn_q", ("queries", "hidden"), query),
        ArchitecturePart("self_attn.k_proj", "attn_k", ("keys", "hidden"), key),
        ArchitecturePart("self_attn.v_proj", "attn_v", ("keys", "hidden"), value),
        ArchitecturePart("self_attn.o_proj", "attn_output", ("hidden", "queries"), output),
    )


def _gated(*bias: bool | str) -> tuple[ArchitecturePart, ...]:
    """bias: of gate, up and down, in this order; none where not given."""
    gate, up, down = bias or (False,) * 3
    return (
        ArchitecturePart("mlp.gate_proj", "ffn_gate", ("intermediate", "hidden"), gate),
        ArchitecturePart("mlp.up_proj", "ffn_up", ("intermediate", "hidden"), up),
        ArchitecturePart("mlp.down_proj", "ffn_down", ("hidden", "intermediate"), down),
    )


_BIASED = "attention_bias"
_BIASED_SWITCH = OptionalTrait(_BIASED, "blk.0.attn_q.bias")
_BEFORE = ArchitecturePart("input_layernorm", "attn_norm", ("hidden",))
_TWO_NORMS = (_BEFORE, ArchitecturePart("post_attention_layernorm", "ffn_norm", ("hidden",)))
_FOUR_NORMS = (
    _BEFORE,
    ArchitecturePart("post_attention_layernorm", "post_attention_norm", ("hidden",)),
    ArchitecturePart("pre_feedforward_layernorm", "ffn_norm", ("hidden",)),
    ArchitecturePart("post_feedforward_layernorm", "post_ffw_norm", ("hidden",)),
)
_HEAD_NORMS = (
    ArchitecturePart("self_attn.q_norm", "attn_q_norm", ("head_size",)),
    ArchitecturePart("self_attn.k_norm", "attn_k_norm", ("head_size",)),
)
_EPSILON, _ROPE_BASE, _ROPE_SIZE = "attention.layer_norm_rms_epsilon", "rope.freq_base", "rope.dimension_count"

QWEN2 = Architecture(
    "qwen2",
    "qwen2",
    _ENDS,
    (*_TWO_NORMS, *_attention(True, True, True, False), *_gated()),
    _HEAD,
    gguf_keys=(_EPSILON, _ROPE_BASE),
)
QWEN3 = Architecture(
    "qwen3",
    "qwen3",
    _ENDS,
    (*_TWO_NORMS, *_HEAD_NORMS, *_attention(*(_BIASED,) * 4), *_gated()),
    _HEAD,
    says_head_size=True,
    gguf_keys=(_EPSILON, _ROPE_BASE),
    switches={_BIASED: _BIASED_SWITCH},
)
# llama.cpp takes each of Llama's biases for itself: models of other makers were written as Llama, with some of them
_ATTENTION_BIASES = tuple(f"blk.0.attn_{part}.bias" for part in ("q", "k", "v", "output"))
_GATED_BIASES = tuple(f"blk.0.ffn_{part}.bias" for part in ("gate", "up", "down"))
LLAMA = Architecture(
    "llama",
    "llama",
    # old releases carry the rotation's frequencies, which follow from the base; 3.1 and later scale them in a GGUF
    (*_ENDS, ArchitecturePart(None, "rope_freqs", ("half_rotary",), is_optional=True)),
    (
        *_TWO_NORMS,
        *_attention(*_ATTENTION_BIASES),
        *_gated(*_GATED_BIASES),
        ArchitecturePart("self_attn.rotary_emb", None, ("half_rotary",), is_optional=True, ending=".inv_freq"),
    ),
    _HEAD,
    switches={
        **{name: OptionalTrait(_BIASED, name) for name in _ATTENTION_BIASES},
        **{name: OptionalTrait("mlp_bias", name) for name in _GATED_BIASES},
    },
)
GEMMA = Architecture(
    "gemma",
    "gemma",
    _ENDS,
    (*_TWO_NORMS, *_attention(), *_gated()),
    _HEAD,
    head_in_gguf="never",
    is_tied=True,
    says_head_size=True,
)
GEMMA2 = Architecture(
    "gemma2",
    "gemma2",
    _ENDS,
    (*_FOUR_NORMS, *_attention(), *_gated()),
    _HEAD,
    head_in_gguf="never",
    is_tied=True,
    says_head_size=True,
)
GEMMA3 = Architecture(
    "gemma3_text",
    "gemma3",
    _ENDS,
    (*_FOUR_NORMS, *_HEAD_NORMS, *_attention(), *_gated()),
    _HEAD,
    is_tied=True,
    says_head_size=True,
    gguf_keys=(_EPSILON, _ROPE_BASE),
)
_FUSED, _NORMED = "fused", "qk_layernorm"
PHI = Architecture(
    "phi",
    "phi2",
    (_EMBEDDING, ArchitecturePart("model.final_layernorm", "output_norm", ("hidden",), bias=True)),
    (
        ArchitecturePart("input_layernorm", "attn_norm", ("hidden",), bias=True),
        # old converters wrote one matrix for query, key and value, today's write three; llama.cpp reads both
        ArchitecturePart(None, "attn_qkv", ("query_key_value", "hidden"), bias=True, when=_FUSED),
        ArchitecturePart("self_attn.q_proj", "attn_q", ("queries", "hidden"), bias=True, unless=_FUSED),
        ArchitecturePart("self_attn.k_proj", "attn_k", ("keys", "hidden"), bias=True, unless=_FUSED),
        ArchitecturePart("self_attn.v_proj", "attn_v", ("keys", "hidden"), bias=True, unless=_FUSED),
        ArchitecturePart("self_attn.dense", "attn_output", ("hidden", "queries"), bias=True),
        ArchitecturePart("self_attn.q_layernorm", None, ("head_size",), bias=True, when=_NORMED),
        ArchitecturePart("self_attn.k_layernorm", None, ("head_size",), bias=True, when=_NORMED),
        ArchitecturePart("mlp.fc1", "ffn_up", ("intermediate", "hidden"), bias=True),
        ArchitecturePart("mlp.fc2", "ffn_down", ("hidden", "intermediate"), bias=True),
    ),
    ArchitecturePart("lm_head", "output", ("vocabulary", "hidden"), bias=True),
    head_in_gguf="needed",
    gguf_keys=("attention.layer_norm_epsilon", _ROPE_SIZE),
    switches={_FUSED: OptionalTrait(None, "blk.0.attn_qkv.weight"), _NORMED: OptionalTrait(_NORMED, None)},
)
PHI3 = Architecture(
    "phi3",
    "phi3",
    (
        *_ENDS,
        ArchitecturePart(None, "rope_factors_long", ("half_rotary",), is_optional=True),
        ArchitecturePart(None, "rope_factors_short", ("half_rotary",), is_optional=True),
    ),
    (
        *_TWO_NORMS,
        ArchitecturePart("self_attn.qkv_proj", "attn_qkv", ("query_key_value", "hidden")),
        ArchitecturePart("self_attn.o_proj", "attn_output", ("hidden", "queries")),
        ArchitecturePart("mlp.gate_up_proj", "ffn_up", ("gate_up", "hidden")),
        ArchitecturePart("mlp.down_proj", "ffn_down", ("hidden", "intermediate")),
    ),
    _HEAD,
    gguf_keys=(_EPSILON, _ROPE_SIZE),
)

KNOWN = (QWEN2, QWEN3, LLAMA, GEMMA, GEMMA2, GEMMA3, PHI, PHI3)
_BY_CONFIG = {architecture.name: architecture for architecture in KNOWN}
_BY_GGUF = {architecture.gguf: architecture for architecture in KNOWN}


def in_config(name: object) -> Architecture | None:
    """Return the architecture of that `model_type`; None for one that is unknown here."""
    return _BY_CONFIG.get(name) if isinstance(name, str) else None


def in_gguf(name: object) -> Architecture | None:
    """Return the architecture of that `general.architecture`; None for one that is unknown here."""
    return _BY_GGUF.get(name) if isinstance(name, str) else None


def spelt_alike(name: str, other: str) -> bool:
    """Whether two names mean one architecture, in whichever spelling."""
    return name == other or any({name, other} == {known.name, known.gguf} for known in KNOWN)


def unknown(name: str) -> str:
    """What a report notes of an architecture that is not in KNOWN."""
    return f"the architecture {name} is not known here: its shapes were not compared, its memory is not estimated"
