"""Small images as an engine saves them, made of what each layer says."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sage_edge.image import layer_files, repack
from sage_edge.image.layer_files import LayerNode
from sage_edge.image.saved_image import SavedImage, opened

STEP = "RUN /bin/sh -c /steps/settle /steps/{} # buildkit"


@dataclass(frozen=True)
class Put:
    """One path of a layer. text None: a folder; leads_to: a symbolic link; names: a hard link to another path."""

    path: str
    text: bytes | None = b""
    mode: int = 0o644
    date: int = 1_700_000_000
    owner: int = 0
    leads_to: str = ""
    names: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)


def layer(*puts: Put) -> bytes:
    """Return a layer as an engine packs it, in this order."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for put in puts:
            info = tarfile.TarInfo(put.path)
            info.mode, info.mtime, info.uid, info.uname = put.mode, put.date, put.owner, "somebody"
            info.pax_headers = dict(put.attributes)
            info.type = tarfile.DIRTYPE if put.text is None else tarfile.REGTYPE
            if put.leads_to or put.names:
                info.type = tarfile.SYMTYPE if put.leads_to else tarfile.LNKTYPE
                info.linkname = put.leads_to or put.names
            info.size = len(put.text or b"")
            tar.addfile(info, io.BytesIO(put.text or b""))
    return packed.getvalue()


def saved(layers: Sequence[bytes], made_by: Sequence[str] = (), **config: Any) -> bytes:
    """Return an image as `docker save` gives it."""
    steps = [*made_by, *[STEP.format(n) for n in range(len(made_by), len(layers))]]
    said = json.dumps(
        {
            "architecture": "amd64",
            "os": "linux",
            "created": "2026-11-30T00:00:00Z",
            "config": {},
            "history": [{"created_by": step} for step in steps],
            "rootfs": {"type": "layers", "diff_ids": [sha(data) for data in layers]},
            **config,
        }
    ).encode()
    names = [f"blobs/sha256/{n}-{hashlib.sha256(data).hexdigest()}" for n, data in enumerate(layers)]
    manifest = [{"Config": "blobs/sha256/config", "RepoTags": ["a:1"], "Layers": names}]
    members = {"blobs/sha256/config": said, **dict(zip(names, layers, strict=True))}
    return archive({**members, "manifest.json": json.dumps(manifest).encode()})


def archive(members: Mapping[str, bytes]) -> bytes:
    """Return a tar file of these."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return packed.getvalue()


def sha(data: bytes) -> str:
    """The digest of some bytes."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def image_id(saved_bytes: bytes) -> str:
    """The id under which an engine keeps a saved image."""
    with tarfile.open(fileobj=io.BytesIO(saved_bytes)) as tar:
        config = json.load(tar.extractfile("manifest.json"))[0]["Config"]  # type: ignore[arg-type]
        return sha(tar.extractfile(config).read())  # type: ignore[union-attr]


def in_file(folder: Path, data: bytes) -> Path:
    """Write a saved image into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "image.tar").write_bytes(data)
    return folder / "image.tar"


def tree(image: SavedImage) -> dict[str, LayerNode]:
    """What an image holds."""
    above: dict[str, LayerNode] = {}
    for number in range(len(image.diff_ids)):
        above = layer_files.read(image.layer(number), above, number)
    return above


def traits(path: Path) -> dict[str, tuple[object, ...]]:
    """What a saved image holds, to be compared."""
    with opened(path) as image:
        return {name: node.traits for name, node in tree(image).items()}


def in_order() -> bytes:
    """A saved image of one layer of ours that is written as we write it, and so is its config."""
    with tempfile.TemporaryDirectory() as folder, opened(in_file(Path(folder), saved((layer(Put("x", b"1")),)))) as old:
        return b"".join(old.packed("a:1", repack.written(old, Path(folder))))
