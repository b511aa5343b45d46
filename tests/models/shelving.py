"""Cards, stores and listings for tests of the model road: small bytes, real files."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from sage_edge.models import lock
from sage_edge.models.card import card_path
from sage_edge.models.manifest import ListedFile, Manifest, role_of
from sage_edge.models.resolve import Library
from sage_edge.models.store.store import Store
from sage_edge.names import Digest, ModelRef

REF = ModelRef("tiny/mind:q8_0")
TEMPLATE = "sha256:" + "1" * 64
CARD: dict[str, Any] = {
    "format": 1,
    "ref": REF,
    "summary": "a test",
    "licence": "none",
    "architecture": "qwen2",
    "parameters": 1000,
    "container": "gguf",
    "quantisation": "q8_0",
    "source": {"directory": "elsewhere"},
    "context_length": 512,
    "chat_template": TEMPLATE,
    "minimum_memory_bytes": 1000,
    "validated": False,
    "validation": "never",
    "source_of_facts": "made up",
}
FILES = {"model.gguf": b"GGUF weights of a test" * 50}
SHARDS = {
    "config.json": b"{}",
    "model-00001-of-00002.safetensors": b"one" * 100,
    "model-00002-of-00002.safetensors": b"two" * 100,
    "tokenizer.json": b"{}",
}
"""Two files of the same bytes, too: one blob stands for both."""


def digest(data: bytes) -> Digest:
    """SHA-256 of some bytes."""
    return Digest(f"sha256:{hashlib.sha256(data).hexdigest()}")


def declare(fleet: Path, **changed: Any) -> Path:
    """Write one more card into a fleet, and return its path; `...` leaves a key out."""
    content = {key: value for key, value in {**CARD, **changed}.items() if value is not ...}
    content = {key: str(value) if isinstance(value, str) else value for key, value in content.items()}
    path = card_path(fleet, ModelRef(content["ref"]))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    return path


def listed(contents: Mapping[str, bytes]) -> tuple[ListedFile, ...]:
    """The listing of some files."""
    return tuple(
        ListedFile(path=path, size_bytes=len(data), digest=digest(data), role=role_of(path))
        for path, data in contents.items()
    )


def manifest(contents: Mapping[str, bytes] = FILES, **changed: Any) -> Manifest:
    """A manifest of some files; the card's facts unless changed."""
    facts = {
        "ref": REF,
        "container": "gguf",
        "source": "a test",
        "created": "2026-11-20T06:00:00Z",
        "architecture": "qwen2",
        "parameters": 1000,
        "context_length": 512,
        "chat_template": TEMPLATE,
        "minimum_memory_bytes": 1000,
    }
    return Manifest.model_validate({**facts, "files": listed(contents), **changed})


def fill(store: Store, contents: Mapping[str, bytes], scratch: Path) -> None:
    """Put the bytes of some files into a store."""
    scratch.mkdir(parents=True, exist_ok=True)
    for number, data in enumerate(contents.values()):
        part = scratch / f"part-{number}"
        part.write_bytes(data)
        store.keep(part)


def library(folder: Path, contents: Mapping[str, bytes] = FILES, *, locked: bool = True, **changed: Any) -> Library:
    """A fleet with one card, and a store that holds its model; locked unless asked otherwise."""
    fleet, root = folder / "fleet", folder / "models"
    declare(fleet, **changed)
    made = Library(fleet, root)
    fill(made.store, contents, folder / "scratch")
    listing = manifest(contents, **{key: value for key, value in changed.items() if key in Manifest.model_fields})
    made.store.put(listing)
    lock.write_lock(fleet, {listing.ref: lock.LockedModel(listing.digest())} if locked else {})
    return made
