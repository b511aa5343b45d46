"""How large a model is in each direction, by its config.json or GGUF metadata; shapes and memory follow from it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from sage_edge.models.inspect import Header
from sage_edge.models.inspect.architectures import Architecture
from sage_edge.models.inspect.json_limits import UntrustedJson

_MOST = 1 << 24
_MOST_LAYERS = 1_024


class MissingDimension(Exception):
    """A dimension that is absent or no sensible number; the text is a sentence without the file's name."""


@dataclass(frozen=True)
class Dimensions:
    """A decoder's dimensions.

    family: the architecture's name (`architectures.Architecture.name`). head_size: numbers per head. vocabulary,
    context: tokens. tied: the output matrix is the embedding. switches: what the architecture lets a model have or
    lack, and it has. rotary: numbers of a head that are rotated, all of them when None.
    """

    family: str
    hidden: int
    intermediate: int
    layers: int
    heads: int
    kv_heads: int
    head_size: int
    vocabulary: int
    context: int
    tied: bool = True
    switches: frozenset[str] = frozenset()
    rotary: int | None = None

    @property
    def kv_bytes_per_token(self) -> int:
        """Key and value of one token in every layer, f16: 2 · layers · kv_heads · head_size · 2 bytes (facts §3.1)."""
        return 2 * self.layers * self.kv_heads * self.head_size * 2


def family_of(written: object) -> str | None:
    """Return the name of an architecture as it is written, None where it is no name."""
    return written if isinstance(written, str) and re.fullmatch(r"[A-Za-z0-9_.-]{1,64}", written) else None


_Name = Literal["hidden", "intermediate", "layers", "heads", "kv_heads", "head_size", "context"]
_IN_CONFIG: Mapping[_Name, str] = {
    "hidden": "hidden_size",
    "intermediate": "intermediate_size",
    "layers": "num_hidden_layers",
    "heads": "num_attention_heads",
    "kv_heads": "num_key_value_heads",
    "head_size": "head_dim",
    "context": "max_position_embeddings",
}
_IN_GGUF: Mapping[_Name, str] = {
    "hidden": "embedding_length",
    "intermediate": "feed_forward_length",
    "layers": "block_count",
    "heads": "attention.head_count",
    "kv_heads": "attention.head_count_kv",
    "head_size": "attention.key_length",
    "context": "context_length",
}


def from_config(config: Mapping[str, UntrustedJson], architecture: Architecture) -> Dimensions:
    """Return the dimensions that a config.json of transformers declares. Raises MissingDimension."""
    switches = architecture.switches or {}
    tied = config.get("tie_word_embeddings")
    return _checked(
        Dimensions(
            **_read(architecture, config, _IN_CONFIG),
            family=architecture.name,
            vocabulary=_size(config.get("vocab_size"), "vocab_size"),
            tied=architecture.is_tied if tied is None else tied is True,
            switches=frozenset(name for name, it in switches.items() if it.config and config.get(it.config) is True),
        )
    )


def from_gguf(header: Header, architecture: Architecture) -> Dimensions:
    """Return the dimensions that a GGUF's metadata declare. Raises MissingDimension."""
    switches = architecture.switches or {}
    keys: Mapping[_Name, str] = {name: f"{architecture.gguf}.{key}" for name, key in _IN_GGUF.items()}
    rotary = header.metadata.get(key := f"{architecture.gguf}.rope.dimension_count")
    return _checked(
        Dimensions(
            **_read(architecture, header.metadata, keys),
            family=architecture.name,
            vocabulary=_vocabulary(header),
            tied="output.weight" not in header.tensors,
            switches=frozenset(name for name, it in switches.items() if it.gguf in header.tensors),
            rotary=None if rotary is None else _size(rotary, key),
        )
    )


def _read(architecture: Architecture, values: Mapping[str, object], keys: Mapping[_Name, str]) -> dict[_Name, int]:
    """Return the dimensions that stand under these keys; a faulty one is told by its key."""

    def size(name: _Name, otherwise: int | None = None, most: int = _MOST) -> int:
        return _size(values.get(keys[name]), keys[name], otherwise, most)

    heads, hidden = size("heads"), size("hidden")
    return {
        "hidden": hidden,
        "intermediate": size("intermediate"),
        "layers": size("layers", most=_MOST_LAYERS),
        "heads": heads,
        "kv_heads": size("kv_heads", heads),
        "head_size": size("head_size", None if architecture.says_head_size else hidden // heads),
        "context": size("context"),
    }


def _vocabulary(header: Header) -> int:
    tokens = header.lengths.get("tokenizer.ggml.tokens")
    if tokens is None:
        raise MissingDimension("holds no tokenizer.ggml.tokens")
    return _size(tokens, "tokenizer.ggml.tokens")


def _size(value: object, key: str, otherwise: int | None = None, most: int = _MOST) -> int:
    if value is None and otherwise is not None:
        return otherwise
    if value is None:
        raise MissingDimension(f"does not say {key}")
    if type(value) is not int or not 1 <= value <= most:
        raise MissingDimension(f"says {key} = {value!r:.40}, expected a whole number from 1 to {most}")
    return value


_RULES: tuple[tuple[Callable[[Dimensions], bool], str], ...] = (
    (lambda d: d.heads <= d.hidden, "has more attention heads than its hidden size"),
    (lambda d: d.heads % d.kv_heads == 0, "has attention heads that do not share its key-value heads evenly"),
)


def _checked(dimensions: Dimensions) -> Dimensions:
    for holds, fault in _RULES:
        if not holds(dimensions):
            raise MissingDimension(fault)
    return dimensions
