"""What lies in a folder that may hold a model: regular files by name, and what must not be followed or loaded."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from sage_edge import files
from sage_edge.hints import sage
from sage_edge.models.errors import ModelError
from sage_edge.models.inspect.bounded import Stream

PICKLES = (".bin", ".pt", ".pth", ".pkl", ".pickle", ".ckpt")
"""Endings of files that torch loads by running what they hold."""

_MOST_ENTRIES = 20_000
_POINTER_BYTES = 1_024
_POINTER = re.compile(
    rb"version https://git-lfs\.github\.com/spec/v1\r?\n(?:ext-[^\n]*\n)*"
    rb"oid sha256:[0-9a-f]{64}\r?\nsize (\d{1,18})(?:\r?\n)?"
)
"""With the ends of lines of Unix; or of Windows, where git was told to write those."""


@dataclass(frozen=True)
class FolderListing:
    """The files at the top of a folder.

    sizes: name → bytes of each regular file. pointers: name → bytes that a Git LFS pointer stands for.
    leaving: links, at any depth, that lead out of where they may lead. odd: names that are no files, or cannot be read.
    beside: what macOS keeps beside other files, at any depth; it is in none of the others.
    """

    folder: Path
    sizes: Mapping[str, int]
    pointers: Mapping[str, int]
    leaving: tuple[str, ...]
    odd: tuple[str, ...]
    beside: tuple[str, ...]

    def having(self, *endings: str) -> tuple[str, ...]:
        """Names with one of these endings, sorted."""
        return tuple(name for name in sorted(self.sizes) if name.lower().endswith(endings))

    def path(self, name: str) -> Path:
        """Where a file of that name is."""
        return self.folder / name


def look(folder: Path, within: Path | None = None) -> FolderListing:
    """List a folder. Links may lead anywhere below `within` (the folder itself when not given).

    Raises ModelError for a folder of more than 20,000 entries, OSError for one that cannot be read.
    """
    border = os.path.realpath(within or folder)
    sizes: dict[str, int] = {}
    odd: list[str] = []
    leaving: list[str] = []
    beside: list[str] = []
    for path in _entries(folder):
        name = path.relative_to(folder).as_posix()
        if files.is_apple_double(path):
            beside.append(name)
        elif path.is_symlink() and not Path(os.path.realpath(path)).is_relative_to(border):
            leaving.append(name)
        elif path.parent == folder:
            size = _size(path)
            if size is not None:
                sizes[name] = size
            elif not path.is_dir():
                odd.append(name)
    pointers = {name: stands for name in sizes if (stands := pointer(folder / name, sizes[name])) is not None}
    return FolderListing(folder, sizes, pointers, *(tuple(sorted(names)) for names in (leaving, odd, beside)))


def _entries(folder: Path) -> Iterator[Path]:
    count = 0
    for root, folders, names in os.walk(folder, followlinks=False):
        folders[:] = [name for name in folders if name != ".git"]
        for name in (*folders, *names):
            count += 1
            if count > _MOST_ENTRIES:
                raise ModelError(
                    f"{folder} holds more than {_MOST_ENTRIES} files: no model does",
                    hint=("name the model's own folder: ", sage("model inspect", "PATH")),
                )
            yield Path(root) / name


def _size(path: Path) -> int | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_size if stat.S_ISREG(status.st_mode) and os.access(path, os.R_OK) else None


def pointer(path: Path, size: int) -> int | None:
    """Return how many bytes a Git LFS pointer stands for; None for any other file. `size`: its own bytes."""
    if size > _POINTER_BYTES:
        return None
    with Stream(path) as stream:
        match = _POINTER.fullmatch(stream.take(min(stream.size, _POINTER_BYTES), "a pointer"))
    return int(match[1]) if match else None
