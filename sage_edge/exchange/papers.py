"""The papers of this host as plain files, each written once and durably; git comes later.

    papers/<place>.json        whole at once, never written twice
    papers/worklog/*.jsonl     one canonical JSON object and a newline per action, only ever longer
    papers/status.json         replaced

Every writer holds papers.lock, so whoever holds it may sweep temporaries and cut a torn last line: it was never
acknowledged. A line counts once fdatasync has returned.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from pathlib import Path

from sage_edge import files, locks
from sage_edge.exchange import rules
from sage_edge.exchange.errors import ExchangeError, OwnBranchBroken
from sage_edge.records.base import Record

_PATIENCE_S = 30.0
_TAIL_BYTES = 65536


@contextlib.contextmanager
def writing(papers: Path, lock_folder: Path) -> Iterator[None]:
    """Hold the right to write below papers/. Raises Locked."""
    with locks.hold(lock_folder / "papers.lock", str(papers), wait_s=_PATIENCE_S):
        yield


def create(path: Path, paper: Record) -> None:
    """Keep a paper for ever; the same content may come again. Raises OwnBranchBroken, StorageError."""
    data = paper.pretty()
    _require_small(path, len(data))
    try:
        files.create_exclusive(path, data)
    except FileExistsError:
        if not path.is_file() or path.read_bytes() != data:
            raise OwnBranchBroken(
                f"{path} already holds another paper than the one to be kept",
                hint="a paper is written once: find out which of the two is true and move the other away",
            ) from None


def append(path: Path, line: Record) -> None:
    """Add one line to a worklog. Raises StorageError; then the file is as it was."""
    files.make_folder(path.parent)
    data = line.canonical() + b"\n"
    with files.storing(path):
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            end = _cut_torn_line(handle)
            _require_small(path, end + len(data))
            _write_at(handle, data, end)
        finally:
            os.close(handle)
        if end == 0:
            files.sync_folder(path.parent)


def replace(path: Path, page: Record) -> None:
    """Replace a page. Raises StorageError; then the old one stands."""
    files.write_atomic(path, page.pretty())


def tidy(papers: Path) -> None:
    """Remove what a killed writer left half done. Only for the holder of papers.lock."""
    files.sweep(papers)
    for path in sorted((papers / rules.WORKLOG).glob("*.jsonl")):
        with files.storing(path):
            handle = os.open(path, os.O_RDWR)
            try:
                _cut_torn_line(handle)
            finally:
                os.close(handle)


def names(papers: Path, below: str = "") -> tuple[str, ...]:
    """Return the paths of the papers below a folder, or of one file, sorted."""
    start = papers / below
    paths = [start] if start.is_file() else start.glob("**/*")
    plain = (path for path in paths if path.is_file() and not path.name.startswith("."))
    return tuple(sorted(path.relative_to(papers).as_posix() for path in plain))


def is_immutable(path: str) -> bool:
    """Whether a path is that of a paper which is written once."""
    return path != rules.STATUS and not path.startswith(f"{rules.WORKLOG}/")


def _require_small(path: Path, size_bytes: int) -> None:
    if size_bytes > rules.LIMIT_BYTES:
        raise ExchangeError(
            f"{path} would have {size_bytes} bytes; nobody accepts more than {rules.LIMIT_BYTES}",
            hint="nothing was written; something here writes far too much: see the worklog",
        )


def _write_at(handle: int, data: bytes, end: int) -> None:
    try:
        written = 0
        while written < len(data):
            written += os.pwrite(handle, data[written:], end + written)
        os.fdatasync(handle)
    except BaseException:
        os.ftruncate(handle, end)
        raise


def _cut_torn_line(handle: int) -> int:
    """Cut what follows the last whole line; return the size that is left."""
    size = os.fstat(handle).st_size
    whole = _whole_bytes(handle, size)
    if whole != size:
        os.ftruncate(handle, whole)
        os.fsync(handle)
    return whole


def _whole_bytes(handle: int, size: int) -> int:
    # only the last line can be torn: look at the tail, and at everything if that holds no line
    for reach in (min(size, _TAIL_BYTES), size):
        start = size - reach
        head, newline, torn = os.pread(handle, reach, start).rpartition(b"\n")
        if newline:
            last = head.rpartition(b"\n")[2] if b"\n" in head or start == 0 else b""
            good = size - len(torn)
            return good if not last or _is_json(last) else good - len(last) - 1
    return 0


def _is_json(line: bytes) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False
