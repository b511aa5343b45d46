"""Everything that can lie wrongly in a clone: each of its files and folders, each kind of damage."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Callable, Iterator
from pathlib import Path


def _writable(path: Path) -> Path:
    path.chmod(0o644)
    return path


def _empty(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
        path.mkdir()
    else:
        _writable(path).write_bytes(b"")


def _cut(path: Path) -> None:
    """A file loses its second half, a folder every second entry."""
    if path.is_dir():
        for entry in sorted(path.iterdir())[::2]:
            _gone(entry)
    else:
        _writable(path).write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def _nul(path: Path) -> None:
    for file in _files(path):
        _writable(file).write_bytes(bytes(file.stat().st_size))


def _garbage(path: Path) -> None:
    for file in _files(path):
        _writable(file).write_bytes(os.urandom(max(1, file.stat().st_size)))


def _gone(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()


def _other(path: Path) -> None:
    """A file becomes a folder, a folder a file."""
    was_folder = path.is_dir()
    _gone(path)
    if was_folder:
        path.write_bytes(b"not a folder")
    else:
        (path / "within").mkdir(parents=True)


def _pipe(path: Path) -> None:
    _gone(path)
    os.mkfifo(path)


def _loop(path: Path) -> None:
    _gone(path)
    path.symlink_to(path.name)


def _socket(path: Path) -> None:
    _gone(path)
    here = Path.cwd()
    os.chdir(path.parent)  # a socket's address has room for a short name only
    try:
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(path.name)
    finally:
        os.chdir(here)


def _files(path: Path) -> list[Path]:
    return [file for file in sorted(path.glob("**/*")) if file.is_file()] if path.is_dir() else [path]


HARMS: dict[str, Callable[[Path], None]] = {
    "emptied": _empty,
    "cut": _cut,
    "NULs": _nul,
    "garbage": _garbage,
    "gone": _gone,
    "other kind": _other,
}
SPECIAL: dict[str, Callable[[Path], None]] = {"pipe": _pipe, "loop": _loop, "socket": _socket}


def places(clone: Path) -> Iterator[str]:
    """Every file and folder of a clone, itself among them, by path below it."""
    yield "."
    yield from (path.relative_to(clone).as_posix() for path in sorted(clone.glob("**/*")))
