"""What lies below a folder and its owner cannot use: another's files, or rights that were taken away."""

from __future__ import annotations

import itertools
import os
import stat
from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path

_FINAL = frozenset({"objects", "blobs"})
"""Folders whose files git and the store make read-only, for good."""

_LOOKED_AT = 5000
"""So many entries does a probe look at, those nearest to the top first: some 40 ms."""
_NAMED = 5


def foreign_below(folder: Path, uid: int, at_most: int | None = None) -> Iterator[Path]:
    """Yield what its owner cannot use, a folder before what it holds. Links count, and are not followed.

    at_most: entries to look at; what is nearer to the top comes first.
    """
    for entry in itertools.islice(_below(folder), at_most):
        try:
            status = entry.stat(follow_symlinks=False)
            lacks = not stat.S_ISLNK(status.st_mode) and least(Path(entry.path)) & ~status.st_mode
        except OSError:  # gone meanwhile
            continue
        if status.st_uid != uid or lacks:
            yield Path(entry.path)


def _below(folder: Path) -> Iterator[os.DirEntry[str]]:
    folders = deque([os.fspath(folder)])
    while folders:
        try:
            entries = sorted(os.scandir(folders.popleft()), key=lambda entry: entry.name)
        except OSError:
            continue
        for entry in entries:
            yield entry
            if entry.is_dir(follow_symlinks=False):
                folders.append(entry.path)


def least(path: Path) -> int:
    """The rights that an owner needs: to enter a folder and write there, to read a file and, unless final, write it."""
    if path.is_dir():
        return stat.S_IRWXU
    return stat.S_IRUSR if _FINAL & set(path.parts) else stat.S_IRUSR | stat.S_IWUSR


def foreign_in(folder: Path) -> list[str] | None:
    """Name what the owner of a folder cannot use in there, as `few` does; None: nobody can look."""
    try:
        uid = folder.stat().st_uid
    except OSError:
        return None
    return few(path.relative_to(folder).as_posix() for path in foreign_below(folder, uid, _LOOKED_AT))


def few(names: Iterable[str]) -> list[str]:
    """Return the first of some names, and how many more there are."""
    listed = sorted(names)
    more = len(listed) - _NAMED
    return [*listed[:_NAMED], *([f"and {more} more"] if more > 0 else [])]
