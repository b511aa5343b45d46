"""The streams in which an engine answers: pieces of a file, and two outputs in frames."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterable
from typing import Any


def outputs(frames: bytes) -> tuple[bytes, bytes]:
    """Return (stdout, stderr) of an answer whose frames are: stream number, three zeros, length in four bytes, content.

    Source: Docker Engine API, "Attach to a container", stream format.
    """
    streams = {1: bytearray(), 2: bytearray()}
    at = 0
    while at + 8 <= len(frames):
        number, length = struct.unpack_from(">BxxxL", frames, at)
        streams.setdefault(number, bytearray()).extend(frames[at + 8 : at + 8 + length])
        at += 8 + length
    return bytes(streams[1]), bytes(streams[2])


class ChunkedFile(io.RawIOBase):
    """A stream over pieces of bytes as they come."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks, self._rest = iter(chunks), b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._rest = self._rest or next(self._chunks, b"")
        count = min(len(buffer), len(self._rest))
        buffer[:count], self._rest = self._rest[:count], self._rest[count:]
        return count
