"""Bounded reading of a file, never past its end, and the headers and tensors that it is parsed into."""

from __future__ import annotations

import errno
import os
import reprlib
import stat
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

from typing_extensions import Self

from sage_edge.models.errors import HeaderBroken

_BUFFER = 1 << 20
_LEAST_HOLE = 1 << 20
"""Bytes of a tensor: smaller ones may be zeros that a copy left out."""
_EDGE = 1 << 16
"""Bytes at either end of a tensor that may share a block of the file system with another one."""


@dataclass(frozen=True)
class Tensor:
    """One tensor as its header declares it.

    shape: as the format writes it, so safetensors is (rows, columns) and GGUF (columns, rows). begin, end: bytes from
    the beginning of the data.
    """

    name: str
    kind: str
    shape: tuple[int, ...]
    begin: int
    end: int

    @property
    def count(self) -> int:
        """How many numbers it holds."""
        total = 1
        for size in self.shape:
            total *= size
        return total


@dataclass(frozen=True)
class Header:
    """What a weight file says of itself.

    metadata: safetensors' free texts, or GGUF's scalars and texts. lengths: GGUF arrays, by key, how long they are.
    data_at: where the data begins, bytes. texts, numbers: elements of those arrays that were asked for.
    """

    tensors: Mapping[str, Tensor]
    metadata: Mapping[str, str | int | float | bool] = field(default_factory=dict)
    lengths: Mapping[str, int] = field(default_factory=dict)
    data_at: int = 0
    texts: Mapping[str, tuple[bytes, ...]] = field(default_factory=dict)
    numbers: Mapping[str, tuple[int | float, ...]] = field(default_factory=dict)

    @property
    def data_bytes(self) -> int:
        """Bytes of all tensors."""
        return sum(tensor.end - tensor.begin for tensor in self.tensors.values())


def short(value: object) -> str:
    """A value of a file for a message: at most a line of it, escaped."""
    return reprlib.repr(value)


class Stream:
    """A regular file, read forwards. Asking for more than is left raises HeaderBroken before anything is read."""

    def __init__(self, path: Path) -> None:
        self.name = path.name
        # O_NONBLOCK: opening a named pipe would else wait for its writer, for ever
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            os.close(handle)
            raise HeaderBroken(self.name, "is no regular file")
        self._file = os.fdopen(handle, "rb", buffering=_BUFFER)
        self.size, self.at = status.st_size, 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    @property
    def left(self) -> int:
        """Bytes between here and the end."""
        return self.size - self.at

    def broken(self, why: str, *, instead: str = "") -> HeaderBroken:
        """The refusal of this file; raise it. instead: what to take, where nobody here reads its form."""
        return HeaderBroken(self.name, why, instead=instead)

    def need(self, count: int, what: str) -> None:
        """Refuse unless `count` bytes are left."""
        if count > self.left:
            raise self.broken(f"speaks of {count} bytes of {what}, {max(self.left, 0)} are left")

    def take(self, count: int, what: str) -> bytes:
        """Return the next `count` bytes."""
        self.need(count, what)
        data = self._file.read(count)
        if len(data) != count:  # somebody cuts it while we read
            raise self.broken("became shorter while it was read")
        self.at += count
        return data

    def skip(self, count: int, what: str) -> None:
        """Go on behind the next `count` bytes without reading them."""
        self.need(count, what)
        self._file.seek(count, os.SEEK_CUR)
        self.at += count

    def back(self, count: int) -> None:
        """Go back before the last `count` bytes that were taken."""
        self._file.seek(-count, os.SEEK_CUR)
        self.at -= count

    def peek(self, at: int, count: int) -> bytes:
        """Return at most `count` bytes from a place of the file; reading goes on where it was."""
        return os.pread(self._file.fileno(), count, at)

    def number(self, form: struct.Struct, what: str) -> int:
        """Return one little-endian whole number."""
        return int(form.unpack(self.take(form.size, what))[0])

    def require_written(self, tensors: Mapping[str, Tensor], data_at: int) -> None:
        """Refuse a file that keeps the place of a large tensor and nothing in it, as unfinished downloads do."""
        for tensor in tensors.values():
            begin, end = data_at + tensor.begin + _EDGE, data_at + tensor.end - _EDGE
            if end - begin >= _LEAST_HOLE and self._is_hole(begin, end):
                why = f"holds nothing of the tensor {short(tensor.name)}"
                raise self.broken(f"{why}: its place was kept, and its bytes have not come")

    def _is_hole(self, begin: int, end: int) -> bool:
        """Whether nothing was ever written there, as far as the file system says."""
        handle = self._file.fileno()
        at = os.lseek(handle, 0, os.SEEK_CUR)
        try:
            return os.lseek(handle, begin, os.SEEK_DATA) >= end
        except OSError as refused:  # ENXIO: no data from there on; others: it knows no holes
            return refused.errno == errno.ENXIO
        finally:
            os.lseek(handle, at, os.SEEK_SET)
