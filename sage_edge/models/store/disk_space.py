"""Whether the disk takes what is to come, asked before the first byte: a full disk spoils the work of others, too."""

from __future__ import annotations

import shutil
from pathlib import Path

from sage_edge.errors import StorageError
from sage_edge.models.store.store import Store

SPARE_BYTES = 64 << 20
"""What stays free, for journals, manifests and everybody else."""


def demand(store: Store, needs_bytes: int, what: str) -> None:
    """Refuse what does not fit beside what is spared. `what`: like `preparing tiny/mind:q8_0`. Raises StorageError."""
    free = shutil.disk_usage(_existing(store.root)).free
    if needs_bytes and needs_bytes + SPARE_BYTES > free:
        told = f"{what} takes {_mb(needs_bytes)} more, {_mb(free)} are free and {_mb(SPARE_BYTES)} of them must stay so"
        raise StorageError(str(store.root), f"{told}; nothing was written")


def _existing(folder: Path) -> Path:
    return next(path for path in (folder, *folder.parents) if path.exists())


def _mb(size: int) -> str:
    return f"{size / 1e6:.1f} MB"
