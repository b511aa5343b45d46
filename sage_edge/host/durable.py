"""Replace files atomically and append checksummed lines: a power cut leaves the old or the new, and torn lines show.

a line    {"n": 3, …, "crc": "1a2b3c4d"}        crc: CRC-32 over the line without its crc key
"""

from __future__ import annotations

import errno
import json
import os
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_NO_SYNC = (errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP)


def replace(path: Path, content: bytes, mode: int = 0o644, *, temporary: str = "") -> None:
    """Make `path` hold `content`: temporary file, fsync, rename, fsync of the folder. temporary: that file's name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(temporary or f".{path.name}.part")
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    try:
        os.fchmod(handle, mode)
        _write(handle, content)
        os.fsync(handle)
    finally:
        os.close(handle)
    part.replace(path)
    sync_folder(path.parent)


def link(path: Path, target: str) -> None:
    """Make `path` a symbolic link to `target`, at once and durably."""
    part = path.with_name(f".{path.name}.link")
    part.unlink(missing_ok=True)
    part.symlink_to(target)
    part.replace(path)
    sync_folder(path.parent)


def append(path: Path, entry: Mapping[str, Any]) -> None:
    """Add one line and return when it is on the disk. What a cut left behind the last whole line goes first."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = not path.exists()
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        whole = _whole_length(handle)
        if os.fstat(handle).st_size != whole:
            os.ftruncate(handle, whole)
        os.lseek(handle, whole, os.SEEK_SET)
        _write(handle, _line(entry))
        os.fsync(handle)
    finally:
        os.close(handle)
    if fresh:
        sync_folder(path.parent)


def read(path: Path) -> list[dict[str, Any]]:
    """Return every whole line, in order; without a torn last one. Raises ValueError for a damaged line."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return []
    lines = content.split(b"\n")[:-1]  # what stands behind the last line end was never acknowledged
    return [_parsed(line, number) for number, line in enumerate(lines, start=1)]


def readable(path: Path) -> tuple[list[dict[str, Any]], str]:
    """Return every whole line that can be read, in order, and what is wrong with the file; empty: nothing."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return [], ""
    except OSError as failed:
        return [], str(failed.strerror)
    good: list[dict[str, Any]] = []
    damaged = ""
    for number, line in enumerate(content.split(b"\n")[:-1], start=1):
        try:
            good.append(_parsed(line, number))
        except ValueError as broken:
            damaged = damaged or str(broken)
    return good, damaged


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable; where no folder can be synced, by bringing everything to the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as refusal:
        if refusal.errno not in _NO_SYNC:
            raise
        os.sync()
    finally:
        os.close(handle)


def canonical(entry: Mapping[str, Any]) -> bytes:
    """The one byte string that stands for this content."""
    return json.dumps(entry, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def _line(entry: Mapping[str, Any]) -> bytes:
    return canonical({**entry, "crc": _crc(entry)}) + b"\n"


def _crc(entry: Mapping[str, Any]) -> str:
    return f"{zlib.crc32(canonical(entry)):08x}"


def _parsed(line: bytes, number: int) -> dict[str, Any]:
    try:
        entry = json.loads(line)
        crc = entry.pop("crc")
    except (ValueError, AttributeError, KeyError, TypeError):
        raise ValueError(f"line {number} is damaged") from None
    if crc != _crc(entry):
        raise ValueError(f"line {number} is damaged")
    return dict(entry)


def _whole_length(handle: int) -> int:
    """The length up to the last line end."""
    size = os.fstat(handle).st_size
    while size:
        start = max(0, size - 4096)
        at = os.pread(handle, size - start, start).rfind(b"\n")
        if at >= 0:
            return start + at + 1
        size = start
    return 0


def _write(handle: int, content: bytes) -> None:
    view = memoryview(content)
    while view:
        view = view[os.write(handle, view) :]
