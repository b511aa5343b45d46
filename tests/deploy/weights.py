"""Small models of random bytes, in a store; a stand-in for `sage-edge model prepare` on a board."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

from sage_edge import files
from sage_edge.models.manifest import FileRole, ListedFile, Manifest
from sage_edge.models.store.store import Store
from sage_edge.names import Digest, ModelRef
from tests.deploy.boards import Board

REF = ModelRef("tiny/introspective:q8_0")
BASE = ModelRef("tiny/instruct:bf16")
ADAPTER, MERGED = ModelRef(f"{REF}.adapter"), ModelRef(f"{REF}.merged")

MANIFEST = Manifest(
    ref=REF,
    container="gguf",
    source="directory: here",
    created="2026-11-20T06:00:00Z",
    architecture="qwen2",
    files=(ListedFile(path="model.gguf", size_bytes=1, digest=Digest(f"sha256:{'5' * 64}"), role="weights"),),
    minimum_memory_bytes=1_000,
)
"""The listing of a model that is nowhere."""


def model(
    store: Store, ref: ModelRef, contents: Sequence[tuple[str, FileRole, bytes]], parents: tuple[Digest, ...] = ()
) -> Manifest:
    """Put a model of these files into a store."""
    files.make_folder(store.partial)
    listed = []
    for path, role, data in contents:
        part = store.partial / "making"
        part.write_bytes(data)
        listed.append(ListedFile(path=path, size_bytes=len(data), digest=store.keep(part), role=role))
    manifest = Manifest(
        ref=ref,
        container="safetensors",
        files=tuple(listed),
        parents=parents,
        source="directory: here",
        created="2026-11-20T06:00:00Z",
        architecture="qwen2",
        minimum_memory_bytes=1_000,
    )
    store.put(manifest)
    return manifest


def plain(store: Store, size: int = 3_000_000, seed: int = 1) -> Manifest:
    """A model of two weight files (one twice, under two names), a config and an empty file."""
    draw = random.Random(seed)
    half = draw.randbytes(size // 2)
    return model(
        store,
        REF,
        [
            ("a/model-1.safetensors", "weights", half),
            ("model-2.safetensors", "weights", draw.randbytes(size // 2)),
            ("copy.safetensors", "weights", half),
            ("config.json", "config", b"{}"),
            ("empty.txt", "other", b""),
        ],
    )


def merged(store: Store) -> tuple[Manifest, Manifest, Manifest]:
    """A base, an adapter, and what the stand-in merges them to: the adapter's bytes behind the base's."""
    draw = random.Random(2)
    base, adapter = draw.randbytes(2_000_000), draw.randbytes(20_000)
    first = model(store, BASE, [("model.safetensors", "weights", base)])
    second = model(store, ADAPTER, [("adapter_model.safetensors", "adapter", adapter)])
    parents = (first.digest(), second.digest())
    between = model(store, MERGED, [("model.safetensors", "weights", base + adapter)], parents)
    whole = model(store, REF, [("model.gguf", "weights", base + adapter)], (*parents, between.digest()))
    return first, second, whole


def teach(board: Board, base: Manifest, adapter: Manifest, *, ending: str = "") -> None:
    """Give a board a `sage-edge` whose `model prepare` joins two blobs and ends as `ending` says."""
    parts = " ".join(f"blobs/sha256-{manifest.files[0].digest[7:]}" for manifest in (base, adapter))
    program = f"""#!/bin/sh
[ "$1 $2 $3" = "model prepare {REF}" ] || {{ echo "what is $*" >&2; exit 2; }}
cd "$SAGE_MODELS" && cat {parts} > made || exit 1
{ending}
found=$(sha256sum < made); mv made "blobs/sha256-${{found%% *}}"
"""
    tool = board.tools / "sage-edge"
    tool.write_text(program)
    tool.chmod(0o755)


def held(store: Store, manifest: Manifest, at: Path) -> bool:
    """Whether a store holds a model: its name, and every byte of it, read again."""
    if store.manifest(manifest.ref) != manifest or store.missing(manifest):
        return False
    folder = store.checkout(manifest, at)
    return all(files.digest_file(folder / file.path) == file.digest for file in manifest.files)
