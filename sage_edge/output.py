"""stdout and stderr that never stop the work: who reads them may leave, or their disk may be full.

Both programs put these streams in place when they start. What cannot be written is dropped from then on; the work goes
to its end and keeps its exit code. A reader that has gone, as `head` does, is no fault. Results that a full disk did
not take, or a stdout that is closed, are: the program says so at its end, with exit code 1. Progress on stderr that
nobody took costs nothing.
"""

from __future__ import annotations

import atexit
import errno
import io
import os
import select
import sys
from pathlib import Path

from sage_edge import hints, system_refusal
from sage_edge.errors import ExitCode, StorageError

_NAMES = ("stdout", "stderr")


class _Patient(io.FileIO):
    """A file descriptor that is written to until it refuses, and drops everything after that."""

    refusal: OSError | None = None

    def write(self, data: bytes, /) -> int:  # type: ignore[override]
        while self.refusal is None:
            try:
                if (written := super().write(data)) is not None:
                    return written
                select.select((), (self,), ())  # whoever gave it to us has set it to take no more than it can
            except OSError as refused:
                self.refusal = refused
        return len(memoryview(data))


class _Closed(_Patient):
    """Stands where whoever started us has closed a descriptor: what is written there, nobody gets."""

    def write(self, data: bytes, /) -> int:  # type: ignore[override]
        if len(data) and self.refusal is None:
            self.refusal = OSError(errno.EBADF, os.strerror(errno.EBADF))
        return len(memoryview(data))


_stdout: _Patient | None = None


def keep() -> None:
    """Put the patient streams in place of this process's own; streams that somebody has replaced stay as they are.

    A closed stdin, as with <&-, is one that has ended.
    """
    global _stdout
    if sys.stdin is None:
        sys.stdin = Path(os.devnull).open(encoding="utf-8")  # noqa: SIM115 - as long as we live
    for number, name in enumerate(_NAMES, start=1):
        stream = getattr(sys, name)
        if stream is None and name == "stdout":  # closed by whoever started us, as with >&-
            _stdout = _Closed(os.devnull, "wb")
            sys.stdout = io.TextIOWrapper(io.BufferedWriter(_stdout), encoding="utf-8", errors="replace")
            atexit.register(_last_word)
        elif stream is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115 - as long as we live
        elif _is(stream, number):
            raw = _Patient(number, "wb", closefd=False)
            setattr(sys, name, _text(raw, like=stream))
            if name == "stdout":
                _stdout = raw
                atexit.register(_last_word)


def _is(stream: object, number: int) -> bool:
    """Whether it is what Python opened on this descriptor; with `python -u` nothing is buffered."""
    buffer = stream.buffer if type(stream) is io.TextIOWrapper else None
    raw = getattr(buffer, "raw", buffer)
    return type(raw) is io.FileIO and raw.fileno() == number


def _text(raw: io.FileIO, like: io.TextIOWrapper) -> io.TextIOWrapper:
    like.flush()
    return io.TextIOWrapper(
        raw if like.write_through else io.BufferedWriter(raw),
        encoding=like.encoding,
        errors=like.errors,
        line_buffering=like.line_buffering,
        write_through=like.write_through,
    )


def lost() -> StorageError | None:
    """Return what became of results that nobody has, or None: all was taken, or its reader left by choice."""
    if _stdout is None:
        return None
    sys.stdout.flush()
    refusal = _stdout.refusal
    if refusal is None or refusal.errno == errno.EPIPE:
        return None
    _stdout.refusal = BrokenPipeError(errno.EPIPE, "told")  # once is enough
    return _unwritten(refusal.errno or errno.EIO)


def _unwritten(number: int) -> StorageError:
    if number == errno.EBADF:
        return StorageError("the output", "it is closed", hint="leave it open, or send it to /dev/null")
    return StorageError("the output", system_refusal.words(number), hint=system_refusal.next_step(number) or "")


def _last_word() -> None:
    """For what ends without asking `lost`, like invoke's own lists: an exit code of 0 would be a lie."""
    if (refusal := lost()) is not None:
        sys.stderr.write(f"error: {refusal.message}\n next: {hints.text(refusal.hint)}\n")
        os._exit(ExitCode.FAILED)
