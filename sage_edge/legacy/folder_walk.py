"""A folder → its files; no link is followed, nothing but a regular file is opened, nothing too large is read."""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sage_edge.legacy.decode import LIMIT_BYTES
from sage_edge.legacy.errors import UnreadableFile

GIT = "git's own folder"
"""What is said of a `.git`."""
_LIKE_A_BYTE = re.compile(r"\\(?=x(?:5c|[89a-f][0-9a-f]))")
"""A backslash in a name that would look like a byte which is no UTF-8."""


@dataclass(frozen=True)
class FolderFile:
    """One name below the folder. name: its path, with slashes, and no other's.

    kind `folder`: it could not, or must not, be listed.
    """

    name: str
    path: Path
    kind: Literal["file", "link", "folder", "device"]
    size: int
    why: str = ""


def walk(root: Path) -> Iterator[FolderFile]:
    """Yield every name below `root`."""
    folders = [root]
    while folders:
        folder = folders.pop()
        try:
            paths = sorted(folder.iterdir())
        except OSError as refusal:
            yield FolderFile(_name(folder, root), folder, "folder", 0, f"it cannot be listed: {_reason(refusal)}")
            continue
        for path in paths:
            if path.is_dir() and not path.is_symlink() and path.name != ".git":
                folders.append(path)
            else:
                yield _look(path, root)


def _look(path: Path, root: Path) -> FolderFile:
    name = _name(path, root)
    try:
        state = path.lstat()
    except OSError as refusal:
        return FolderFile(name, path, "device", 0, f"it cannot be seen: {_reason(refusal)}")
    if stat.S_ISLNK(state.st_mode):
        return FolderFile(name, path, "link", 0, _target(path, root))
    if stat.S_ISREG(state.st_mode):
        return FolderFile(name, path, "file", state.st_size)
    if stat.S_ISDIR(state.st_mode):
        return FolderFile(name, path, "folder", 0, GIT)
    return FolderFile(name, path, "device", 0, "it is no regular file")


def read(path: Path) -> bytes:
    """Return a file's bytes. Raises UnreadableFile: too large (it is not read then), a link, a device, or refused."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(handle, "rb") as stream:
            state = os.fstat(handle)
            if not stat.S_ISREG(state.st_mode):
                raise UnreadableFile("it is no regular file")
            if state.st_size > LIMIT_BYTES:
                raise UnreadableFile(too_large(state.st_size))
            data = stream.read(LIMIT_BYTES + 1)
    except OSError as refusal:
        is_link = refusal.errno == errno.ELOOP
        raise UnreadableFile("it became a link" if is_link else f"it cannot be read: {_reason(refusal)}") from None
    if len(data) > LIMIT_BYTES:
        raise UnreadableFile(too_large(len(data)))
    return data


def too_large(size: int) -> str:
    """The sentence about a file above the limit."""
    return f"it has {size:,} bytes, more than the {LIMIT_BYTES:,} that are read of one file; it was not read"


def _target(path: Path, root: Path) -> str:
    try:
        inside = path.resolve().is_relative_to(root.resolve())
    except (OSError, RuntimeError):  # a circle of links
        inside = False
    return "a link to a place in the folder, which is read itself" if inside else "a link that leads out of the folder"


def _reason(refusal: OSError) -> str:
    return os.strerror(refusal.errno or 0)


def _name(path: Path, root: Path) -> str:
    """The path below root as text that no other path has; a byte that is no UTF-8 stands as its code, `\\xe4`."""
    name = _LIKE_A_BYTE.sub(r"\\x5c", path.relative_to(root).as_posix())
    return os.fsencode(name).decode("utf-8", "backslashreplace")
