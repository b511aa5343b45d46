"""Where the model may be when a folder holds none: packed in an archive, or in a folder below."""

from __future__ import annotations

import os
from pathlib import Path

from sage_edge.hints import sage
from sage_edge.models.inspect.folder import FolderListing
from sage_edge.models.inspect.report import InspectReport, ModelKind, taken_instead

_PACKED = (".zip", ".tar", ".tgz", ".gz", ".bz2", ".xz", ".zst", ".7z", ".rar")
_OF_A_MODEL = (".gguf", ".safetensors", "config.json")


def of(listing: FolderListing) -> InspectReport:
    """Return the report of a folder at whose top nothing of a model lies, with where to look instead."""
    path = listing.folder
    if packed := listing.having(*_PACKED):
        faults = tuple(f"{name[:80]} is packed" for name in packed[:5])
        return InspectReport(path, ModelKind.UNSUPPORTED, faults=faults, mend=taken_instead("unpack it"))
    if (inner := _below(path)) is None:
        return InspectReport(path, ModelKind.UNKNOWN)
    return InspectReport(
        path, ModelKind.UNKNOWN, mend=("name the model's own folder: ", sage("model inspect", str(inner)))
    )


def _below(folder: Path) -> Path | None:
    """The first folder below that holds a file of a model. The listing has held how many there are against a most."""
    for root, folders, names in os.walk(folder, followlinks=False):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        if Path(root) != folder and any(name.lower().endswith(_OF_A_MODEL) for name in names):
            return Path(root)
    return None
