"""Free space of a store's disk, compared with what is to come before the first byte is written."""

from __future__ import annotations

import shutil
from pathlib import Path

from sage_edge.errors import NoDiskSpace
from sage_edge.hints import sage
from sage_edge.models.store.store import Store

SPARE_BYTES = 64 << 20
"""What stays free, for journals, manifests and everybody else."""


def require(store: Store, needs_bytes: int, what: str) -> None:
    """Refuse what does not fit into a store beside what is spared. what: like `preparing tiny/mind:q8_0`.

    Raises NoDiskSpace.
    """
    require_free(str(store.root), shutil.disk_usage(_existing(store.root)).free, needs_bytes, what)


def require_free(where: str, free_bytes: int | None, needs_bytes: int, what: str) -> None:
    """Refuse what does not fit beside what is spared; an unknown size (None) is let through. Raises NoDiskSpace."""
    if needs_bytes and free_bytes is not None and free_bytes < needs_bytes + SPARE_BYTES:
        hint = (f"see on {where} what can go: ", sage("model gc"))
        raise NoDiskSpace(where, what, needs_bytes + SPARE_BYTES, free_bytes, hint=hint)


def _existing(folder: Path) -> Path:
    return next(path for path in (folder, *folder.parents) if path.exists())
