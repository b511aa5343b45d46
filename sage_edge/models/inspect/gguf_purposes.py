"""What a GGUF is for, by its own words: most are models that speak, and some lie beside one.

Source: gguf-py's constants (GGUFType, and the architectures of encoders) of llama-cpp-python 0.3.36. An older projector
says its architecture only, `clip`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from sage_edge.models.inspect import gguf_header

_TYPES = {
    "adapter": "a LoRA adapter as GGUF",
    "mmproj": "a projector, with which a model sees or hears",
    "imatrix": "an importance matrix, with which models are quantised",
}
_ENCODERS = frozenset(
    {"bert", "nomic-bert", "nomic-bert-moe", "modern-bert", "neo-bert", "eurobert", "jina-bert-v2", "jina-bert-v3"}
    | {"t5encoder", "gemma-embedding", "llama-embed", "wavtokenizer-dec"}
)
MOST = 16
"""GGUF files of one folder that are asked what they are for."""


def other(metadata: Mapping[str, object]) -> str | None:
    """Return what a GGUF is that is no model to speak with, by its metadata; None where nothing speaks against it."""
    kind, architecture = metadata.get("general.type", "model"), metadata.get("general.architecture")
    if kind == "model" and architecture == "clip":
        return _TYPES["mmproj"]
    if kind == "model" and architecture in _ENCODERS:
        return f"an encoder ({architecture}), which turns text into numbers and speaks nothing"
    if kind == "model":
        return None
    return _TYPES.get(str(kind), f"a GGUF of the type {kind!r:.40}")


def beside(folder: Path, names: Iterable[str]) -> dict[str, str]:
    """Return those of some GGUF files that are no models to speak with, and what they are. Raises OSError."""
    seen = ((name, other(gguf_header.general(folder / name))) for name in list(names)[:MOST])
    return {name: what for name, what in seen if what is not None}
