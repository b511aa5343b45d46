"""A reader for the texts of a GGUF array: each is a length (u64) and so many bytes, tens of thousands in a row.

The file is read in pieces of 64 KiB, so that a vocabulary of 150,000 words takes tenths of a second.
"""

from __future__ import annotations

import struct

from sage_edge.models.inspect.bounded import Stream

_U64 = struct.Struct("<Q")
_PIECE = 1 << 16


def walk(stream: Stream, count: int, what: str, kept: list[bytes] | None = None, *, most_bytes: int = 0) -> None:
    """Go behind the next `count` texts; append each to `kept` where that is given.

    most_bytes: how much may be kept. Raises HeaderBroken for a text beyond the end of the file, or for more than that.
    """
    piece, at = b"", 0
    for _ in range(count):
        if len(piece) - at < _U64.size:
            piece, at = _more(stream, piece[at:]), 0
            if len(piece) < _U64.size:
                raise stream.broken(f"speaks of {_U64.size} bytes of {what}, {len(piece)} are left")
        (length,) = _U64.unpack_from(piece, at)
        at += _U64.size
        if length > (ahead := len(piece) - at):
            if length > ahead + stream.left:
                raise stream.broken(f"speaks of {length} bytes of {what}, {ahead + stream.left} are left")
            if kept is None:
                stream.skip(length - ahead, what)
                piece, at = b"", 0
                continue
            if length > most_bytes:
                raise stream.broken(f"has {what} of {length} bytes, at most {most_bytes} are kept")
            piece, at = piece[at:] + stream.take(length - ahead, what), 0
        if kept is not None:
            most_bytes -= length
            if most_bytes < 0:
                raise stream.broken(f"has too many bytes in the like of {what}")
            kept.append(piece[at : at + length])
        at += length
    stream.back(len(piece) - at)


def _more(stream: Stream, rest: bytes) -> bytes:
    return rest + stream.take(min(_PIECE, stream.left), "texts")
