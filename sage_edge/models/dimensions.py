"""How large a model is in each direction, by its config.json or GGUF metadata; shapes and memory follow from it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sage_edge.models.headers import Header
from sage_edge.models.headers.documents import Json

_MOST = 1 << 24
_MOST_LAYERS = 1_024


class Unsaid(Exception):
    """A dimension that is absent or no sensible number; the text is a sentence without the file's name."""


@dataclass(frozen=True)
class Dimensions:
    """A decoder's dimensions. `head_size` in numbers per head; `vocabulary` and `context` in tokens."""

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

    @property
    def kv_bytes_per_token(self) -> int:
        """Key and value of one token in every layer, f16: 2 · layers · kv_heads · head_size · 2 bytes (facts §3.1)."""
        return 2 * self.layers * self.kv_heads * self.head_size * 2


def family_of(written: object) -> str | None:
    """Return the name of an architecture as it is written, None where it is no name."""
    return written if isinstance(written, str) and re.fullmatch(r"[A-Za-z0-9_.-]{1,64}", written) else None


def from_config(config: Mapping[str, Json]) -> Dimensions:
    """Return the dimensions that a config.json of transformers declares. Raises Unsaid."""
    family = family_of(config.get("model_type"))
    if family is None:
        raise Unsaid("names no model_type")

    def size(key: str, otherwise: int | None = None, most: int = _MOST) -> int:
        return _size(config.get(key), key, otherwise, most)

    heads, hidden = size("num_attention_heads"), size("hidden_size")
    return _checked(
        Dimensions(
            family=family,
            hidden=hidden,
            intermediate=size("intermediate_size"),
            layers=size("num_hidden_layers", most=_MOST_LAYERS),
            heads=heads,
            kv_heads=size("num_key_value_heads", heads),
            head_size=size("head_dim", hidden // heads),
            vocabulary=size("vocab_size"),
            context=size("max_position_embeddings"),
            tied=config.get("tie_word_embeddings", False) is True,  # the default of both families
        )
    )


def from_gguf(header: Header) -> Dimensions:
    """Return the dimensions that a GGUF's metadata declare. Raises Unsaid."""
    family = family_of(header.metadata.get("general.architecture"))
    if family is None:
        raise Unsaid("names no general.architecture")

    def size(key: str, otherwise: int | None = None, most: int = _MOST) -> int:
        return _size(header.metadata.get(f"{family}.{key}"), f"{family}.{key}", otherwise, most)

    heads, hidden = size("attention.head_count"), size("embedding_length")
    return _checked(
        Dimensions(
            family=family,
            hidden=hidden,
            intermediate=size("feed_forward_length"),
            layers=size("block_count", most=_MOST_LAYERS),
            heads=heads,
            kv_heads=size("attention.head_count_kv", heads),
            head_size=size("attention.key_length", hidden // heads),
            vocabulary=_vocabulary(header),
            context=size("context_length"),
            tied="output.weight" not in header.tensors,
        )
    )


def _vocabulary(header: Header) -> int:
    tokens = header.lengths.get("tokenizer.ggml.tokens")
    if tokens is None:
        raise Unsaid("holds no tokenizer.ggml.tokens")
    return _size(tokens, "tokenizer.ggml.tokens", None, _MOST)


def _size(value: object, key: str, otherwise: int | None, most: int) -> int:
    if value is None and otherwise is not None:
        return otherwise
    if value is None:
        raise Unsaid(f"does not say {key}")
    if type(value) is not int or not 1 <= value <= most:
        raise Unsaid(f"says {key} = {value!r:.40}, expected a whole number from 1 to {most}")
    return value


_RULES: tuple[tuple[Callable[[Dimensions], bool], str], ...] = (
    (lambda d: d.heads <= d.hidden, "has more attention heads than its hidden size"),
    (lambda d: d.heads % d.kv_heads == 0, "has attention heads that do not share its key-value heads evenly"),
)


def _checked(dimensions: Dimensions) -> Dimensions:
    for holds, fault in _RULES:
        if not holds(dimensions):
            raise Unsaid(fault)
    return dimensions
