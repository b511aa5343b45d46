"""A partly downloaded file, and the journal of those of its bytes that are known to be on the disk.

    partial/
      <key>.part      the bytes at their places; what the journal does not name is worth nothing
      <key>.chunks    one checked line each (`files.LineLog`): first what it is about, then chunks that are on the disk
                        {"format": 1, "size": 531000000, "chunk": 1048576}
                        0:<sha256> 1:<sha256>
                        2:<sha256> 3:<sha256>

Chunk n holds the bytes from n MiB on; its SHA-256 is over what was received. A line is written after its chunks were
synced, so neither a kill nor a power cut takes more than the 2 MiB since the last line. Opening reads every chunk again
and believes the disk, not the journal: a chunk that is gone, torn or flipped is a gap like one that never came.
A later line of a chunk counts instead of an earlier one; one that names no hash gives the chunk up.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from sage_edge import files
from sage_edge.errors import StorageError

CHUNK = 1 << 20
"""Bytes under one hash."""

BATCH = 2 * CHUNK
"""Bytes after which everything is synced: a kill costs less than this and one chunk of what was received."""

_READ = 1 << 18
_LOST = "-"


class Partial:
    """The part of one file of `size_bytes` that is here. Only for whoever holds the lock of its key."""

    def __init__(self, folder: Path, key: str, size_bytes: int) -> None:
        self.path, self.size_bytes = folder / f"{key}.part", size_bytes
        self._log = files.LineLog(folder / f"{key}.chunks")
        self._head = json.dumps({"format": 1, "size": size_bytes, "chunk": CHUNK})
        self._good: dict[int, str] = {}
        self._waiting: dict[int, str] = {}
        self._handle, self._at, self._filled, self._state = -1, 0, 0, hashlib.sha256()
        self._done = 0

    @contextlib.contextmanager
    def opened(self, checked: Callable[[int], None] | None = None) -> Iterator[None]:
        """Open for writing, after checking what is there; on leaving, whole chunks are synced and journalled.

        checked: called with the number of good bytes found so far. Raises StorageError.
        """
        with files.storing(self.path):
            try:
                self._open()
                self._verify(checked or (lambda _: None))
                yield
                self.sync()
            except BaseException:
                with contextlib.suppress(OSError, StorageError):  # what ended the work is what is told
                    self.sync()
                raise
            finally:
                self._close()

    @property
    def begun(self) -> bool:
        """Whether anything of it lies there."""
        return self.path.exists() or self._log.path.exists()

    @property
    def done_bytes(self) -> int:
        """Bytes that need not be fetched, whether synced yet or not."""
        return self._done + self._filled

    @property
    def gaps(self) -> tuple[tuple[int, int], ...]:
        """Every run of bytes that is missing, as (start, stop)."""
        known = self._good.keys() | self._waiting.keys()
        missing = [number for number in range(self._count) if number not in known]
        return tuple((number * CHUNK, number * CHUNK + self._length(number)) for number in missing)

    def gap(self) -> tuple[int, int] | None:
        """Return the first bytes that are missing, as (start, stop); None when the file is whole."""
        missing = [n for n in range(self._count) if n not in self._good and n not in self._waiting]
        if not missing:
            return None
        first = self._at // CHUNK if self._filled else missing[0]
        last = first
        known = self._good.keys() | self._waiting.keys()
        while last + 1 < self._count and last + 1 not in known:
            last += 1
        return first * CHUNK + self._filled, last * CHUNK + self._length(last)

    def write(self, at: int, data: bytes) -> None:
        """Write bytes that begin where the last ones ended, or at the start of a gap."""
        if at != self._at:
            if at % CHUNK:
                raise ValueError(f"byte {at} is not the start of a chunk")
            self._at, self._filled, self._state = at, 0, hashlib.sha256()
        os.lseek(self._handle, at, os.SEEK_SET)
        view = memoryview(data)
        while view:
            number = self._at // CHUNK
            written = os.write(self._handle, view[: self._length(number) - self._filled])
            self._state.update(view[:written])
            self._at, self._filled, view = self._at + written, self._filled + written, view[written:]
            if self._filled == self._length(number):
                self._finish(number)

    def forget(self, begin: int, end: int) -> None:
        """Give up bytes that have proven to be wrong, in whole chunks."""
        numbers = range(begin // CHUNK, -(-end // CHUNK))
        lost = [number for number in numbers if number in self._good or number in self._waiting]
        self._done -= sum(map(self._length, lost))
        if named := [number for number in lost if self._good.pop(number, None) is not None]:
            self._log.append(" ".join(f"{number}:{_LOST}" for number in named))
        for number in lost:
            self._waiting.pop(number, None)
        if self._filled and self._at // CHUNK in numbers:
            self._at, self._filled, self._state = self._at - self._filled, 0, hashlib.sha256()

    def sync(self) -> None:
        """Put every whole chunk on the disk and into the journal."""
        if self._waiting:
            os.fdatasync(self._handle)
            self._log.append(" ".join(f"{number}:{sha256}" for number, sha256 in sorted(self._waiting.items())))
            self._good.update(self._waiting)
            self._waiting.clear()

    def remove(self) -> None:
        """Forget everything: the journal first, then the bytes."""
        self._log.path.unlink(missing_ok=True)
        self.path.unlink(missing_ok=True)

    @property
    def _count(self) -> int:
        return -(-self.size_bytes // CHUNK)

    def _length(self, number: int) -> int:
        return min(CHUNK, self.size_bytes - number * CHUNK)

    def _finish(self, number: int) -> None:
        self._waiting[number] = self._state.hexdigest()
        self._done += self._filled
        self._filled, self._state = 0, hashlib.sha256()
        if len(self._waiting) * CHUNK >= BATCH:
            self.sync()

    def _open(self) -> None:
        files.make_folder(self.path.parent)
        claimed = self._claimed()
        if self.path.is_symlink():
            self.path.unlink()
        with contextlib.suppress(FileNotFoundError):
            self.path.chmod(0o644)  # the store makes a file read-only, and may have been killed before it was renamed
        self._handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o644)
        if os.fstat(self._handle).st_size > self.size_bytes:
            os.ftruncate(self._handle, self.size_bytes)
        if claimed is None:
            self._log.path.unlink(missing_ok=True)
            files.create_exclusive(self._log.path, self._log.encode(self._head))
        files.sync_folder(self.path.parent)
        self._good, self._waiting = claimed or {}, {}
        self._at = self._filled = self._done = 0

    def _close(self) -> None:
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1

    def _claimed(self) -> dict[int, str] | None:
        """What the journal says of this file, None when it says nothing; bad lines are cut off."""
        try:
            lines = self._log.read()
        except FileNotFoundError:
            return None
        if lines.payloads[:1] != (self._head,):
            return None
        self._log.cut(lines.good_bytes)
        claimed: dict[int, str] = {}
        for word in " ".join(lines.payloads[1:]).split():
            number, _, sha256 = word.partition(":")
            if number.isdecimal() and int(number) < self._count:
                claimed[int(number)] = sha256
        return claimed

    def _verify(self, checked: Callable[[int], None]) -> None:
        """Read the chunks that the journal names, and keep the good ones."""
        claimed, self._good = self._good, {}
        for number, sha256 in sorted(claimed.items()):
            if self._hash(number) == sha256:
                self._good[number] = sha256
                self._done += self._length(number)
                checked(self._done)

    def _hash(self, number: int) -> str:
        state, at, end = hashlib.sha256(), number * CHUNK, number * CHUNK + self._length(number)
        while at < end and (piece := os.pread(self._handle, min(_READ, end - at), at)):
            state.update(piece)
            at += len(piece)
        return state.hexdigest() if at == end else ""
