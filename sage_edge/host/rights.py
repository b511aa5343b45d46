"""What lies below a folder and its owner cannot use: another's files, or rights that were taken away."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

_FINAL = frozenset({"objects", "blobs"})
"""Folders whose files git and the store make read-only, for good."""


def foreign_below(folder: Path, uid: int) -> Iterator[Path]:
    """Yield what its owner cannot use, a folder before what it holds. Links count, and are not followed."""
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        return
    for entry in entries:
        path = Path(entry.path)
        try:
            status = entry.stat(follow_symlinks=False)
            is_folder = entry.is_dir(follow_symlinks=False)
            lacks = not stat.S_ISLNK(status.st_mode) and least(path) & ~status.st_mode
        except OSError:  # gone meanwhile
            continue
        if status.st_uid != uid or lacks:
            yield path
        if is_folder:
            yield from foreign_below(path, uid)


def least(path: Path) -> int:
    """The rights that an owner needs: to enter a folder and write there, to read a file and, unless final, write it."""
    if path.is_dir():
        return stat.S_IRWXU
    return stat.S_IRUSR if _FINAL & set(path.parts) else stat.S_IRUSR | stat.S_IWUSR
