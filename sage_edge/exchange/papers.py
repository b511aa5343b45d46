"""The papers of this host as plain files, each written once and durably; git comes later.

    papers/<place>.json        whole at once, never written twice
    papers/worklog/*.jsonl     one canonical JSON object and a newline per action, only ever longer
    papers/status.json         replaced
    papers/LATEST_STATUS.md    replaced; for people, made of a researcher's theories

Every writer holds papers.lock, so whoever holds it may sweep temporaries and cut a torn last line: it was never
acknowledged. A line counts once fdatasync has returned.
"""

from __future__ import annotations

import contextlib
import json
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sage_edge import files, locks
from sage_edge.exchange import rules
from sage_edge.exchange.errors import ExchangeError, OwnBranchBroken
from sage_edge.records.base import Record

_PATIENCE_S = 30.0
_TAIL_BYTES = 65536
_OF_GIT = {".git", "git~1"}
"""Names that git takes into no tree, however they are spelled."""

_KINDS = {stat.S_IFLNK: "a link", stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket"}
_KINDS |= {stat.S_IFCHR: "a device", stat.S_IFBLK: "a device"}


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
        if _content(path) != data:
            raise OwnBranchBroken(
                f"{path} already holds another paper than the one to be kept",
                hint="a paper is written once: find out which of the two is true and move the other away",
            ) from None


def append(path: Path, line: Record) -> None:
    """Add one line to a worklog. Raises StorageError; then the file is as it was."""
    files.make_folder(path.parent)
    data = line.canonical() + b"\n"
    with files.storing(path):
        handle = files.open_plain(path, os.O_RDWR | os.O_CREAT, follow=False)
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
    for name in names(papers, rules.WORKLOG):
        path = papers / name
        with files.storing(path):
            handle = files.open_plain(path, os.O_RDWR, follow=False)
            try:
                _cut_torn_line(handle)
            finally:
                os.close(handle)


def names(papers: Path, below: str = "") -> tuple[str, ...]:
    """Return the paths of the papers below a folder, or of one file, sorted."""
    plain = walk(papers, below).plain
    return tuple(path for path in plain if not path.rpartition("/")[2].startswith("."))


@dataclass(frozen=True)
class PaperWalk:
    """What lies below papers/: paths of plain files, sorted; and what is none of ours, each with the reason."""

    plain: tuple[str, ...]
    skipped: tuple[str, ...]


def walk(papers: Path, below: str = "") -> PaperWalk:
    """Look at everything below a folder of papers/, or at one file; nothing is opened, and no link is followed.

    A pipe, socket, device or link is no paper, and neither is anything in somebody's repository, nor what belongs to
    git. Raises StorageError.
    """
    plain: list[str] = []
    skipped: list[str] = []
    places = [below]
    with files.storing(papers):
        while places:
            place = places.pop()
            if why := _strange(papers, place):
                skipped.append(f"{place} {why}")
            elif (papers / place).is_dir():
                places += [f"{place}/{path.name}" if place else path.name for path in (papers / place).iterdir()]
            elif files.exists(papers / place):
                plain.append(place)
    return PaperWalk(tuple(sorted(plain)), tuple(sorted(skipped)))


def _strange(papers: Path, place: str) -> str:
    """Why what lies there is none of ours; empty for a plain file, a folder of ours, and nothing."""
    try:
        mode = (papers / place).lstat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return ""
    if place.rpartition("/")[2].lower() in _OF_GIT:
        return "belongs to a git repository"
    if stat.S_ISDIR(mode):
        return "is a git repository of its own" if place and files.exists(papers / place / ".git") else ""
    return "" if stat.S_ISREG(mode) else f"is {_KINDS.get(stat.S_IFMT(mode), 'no plain file')}"


def is_immutable(path: str) -> bool:
    """Whether a path is that of a paper which is written once."""
    return path not in rules.REPLACED and not path.startswith(f"{rules.WORKLOG}/")


def _content(path: Path) -> bytes | None:
    """The content of what lies at a paper's place; None where that is no paper."""
    try:
        return files.read(path, at_most=rules.LIMIT_BYTES)
    except OSError:
        return None


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
