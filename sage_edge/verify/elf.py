"""Which shared libraries a file needs, and where it says they lie: the dynamic section of a 64-bit little-endian ELF.

Source: System V ABI, chapters 4 and 5 (ELF header, program header, dynamic section). Every offset and count is checked
against the file's size before it is used; nothing is executed or loaded.
"""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

_HEADER = struct.Struct("<16sHHIQQQIHHHHHH")
_SEGMENT = struct.Struct("<IIQQQQQQ")
_ENTRY = struct.Struct("<qQ")
_IDENT = b"\x7fELF\x02\x01"
_LOAD, _DYNAMIC = 1, 2
_NEEDED, _STRTAB, _STRSZ, _RPATH, _RUNPATH = 1, 5, 10, 15, 29
_MOST_SEGMENTS, _MOST_BYTES = 256, 1 << 24


@dataclass(frozen=True)
class Dynamic:
    """needed: names as the loader looks for them, in order; places: folders that it looks into first."""

    needed: tuple[str, ...]
    places: tuple[Path, ...]


def read(path: Path) -> Dynamic:
    """Return what a shared library needs. Raises ValueError for what is no such file, OSError."""
    with path.open("rb") as stream:
        size = os.fstat(stream.fileno()).st_size
        segments = _segments(stream, size)
        dynamic = next((segment for segment in segments if segment[0] == _DYNAMIC), None)
        if dynamic is None:
            return Dynamic((), ())
        entries = _entries(_bytes(stream, size, dynamic[2], dynamic[5]))
        table = {tag: value for tag, value in entries if tag in (_STRTAB, _STRSZ)}
        if len(table) != 2:
            return Dynamic((), ())
        strings = _bytes(stream, size, _offset(segments, table[_STRTAB]), table[_STRSZ])
    names = [(tag, _text(strings, at)) for tag, at in entries if tag in (_NEEDED, _RPATH, _RUNPATH)]
    places = [folder for tag, text in names if tag != _NEEDED for folder in text.split(":") if folder]
    return Dynamic(
        tuple(text for tag, text in names if tag == _NEEDED),
        tuple(Path(_expanded(folder, path.parent)) for folder in places),
    )


def _segments(stream: BinaryIO, size: int) -> list[tuple[int, ...]]:
    header = _HEADER.unpack(_bytes(stream, size, 0, _HEADER.size))
    if not header[0].startswith(_IDENT):
        raise ValueError("no 64-bit little-endian ELF file")
    start, each, count = header[5], header[9], header[10]
    if each != _SEGMENT.size or count > _MOST_SEGMENTS:
        raise ValueError(f"has {count} program headers of {each} bytes")
    return list(_SEGMENT.iter_unpack(_bytes(stream, size, start, each * count)))


def _bytes(stream: BinaryIO, size: int, at: int, count: int) -> bytes:
    if count > _MOST_BYTES or at + count > size:
        raise ValueError(f"names {count} bytes at {at} of {size}")
    stream.seek(at)
    return stream.read(count)


def _entries(data: bytes) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for tag, value in _ENTRY.iter_unpack(data[: len(data) // _ENTRY.size * _ENTRY.size]):
        if tag == 0:
            break
        found.append((tag, value))
    return found


def _offset(segments: list[tuple[int, ...]], address: int) -> int:
    for kind, _, offset, virtual, _, in_file, _, _ in segments:
        if kind == _LOAD and virtual <= address < virtual + in_file:
            return offset + address - virtual
    raise ValueError(f"keeps its names at {address:#x}, outside of the file")


def _text(strings: bytes, at: int) -> str:
    if at >= len(strings):
        raise ValueError(f"names byte {at} of {len(strings)} bytes of text")
    return strings[at:].split(b"\0", 1)[0].decode("utf-8", "replace")


def _expanded(folder: str, origin: Path) -> str:
    return folder.replace("${ORIGIN}", str(origin)).replace("$ORIGIN", str(origin))
