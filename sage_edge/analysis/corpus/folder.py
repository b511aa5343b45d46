"""Papers in a folder of this machine: its `sessions/` where it has one, else everything below it.

Hidden folders and files that are not `.json` are no papers. A group is one folder:

    stamp    files, u32 | digest over name, size, time of change and inode of each file, 16 bytes
    hint     time of change and inode of the folder, 2 x i64; empty while it may change again without a sign

Papers are written once and never changed, so a folder whose own time of change did not move has no new one; that keeps
a look at any number of sessions short. Somebody's hand may change a file in its place all the same: up to LOOK files
are therefore asked anew at every look, in turns, which is all of them in a corpus that is no larger.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
import struct
import time
from array import array
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from typing_extensions import Self

from sage_edge.analysis.corpus.sources import SESSIONS, SUFFIX, Entry, Group, Refused, oversized, refused
from sage_edge.errors import UsageError
from sage_edge.records.dialogue import Dialogue

LOOK = 2000
"""Files whose size and time are asked at every look, at least; more only where something came or went."""

_COUNT, _HINT = struct.Struct("<I"), struct.Struct("<qq")
_UNSETTLED_NS = 2_000_000_000
"""So long after its last change a folder cannot change again without a sign: clocks of file systems tick slowly."""
_INODE = 2**63 - 1
_REPOSITORY = ("HEAD", "objects", "refs")
"""What a repository without a work tree holds, as git itself recognises one."""

_Listed = tuple[str, int, int, int]
"""Name, size in bytes (-1: no plain file), time of change in nanoseconds, inode."""


@dataclass(frozen=True)
class Folder:
    """A folder of papers."""

    root: Path

    @classmethod
    def at(cls, path: Path) -> Self:
        """Return the papers at a path. Raises UsageError unless it is a folder, and no exchange's repository."""
        if not path.is_dir():
            what = "is no folder" if path.exists() else "does not exist"
            raise UsageError(f"{path} {what}", hint="name the folder that holds the transcripts: --corpus DIR")
        if all((path / name).exists() for name in _REPOSITORY):
            raise UsageError(
                f"{path} is a git repository: its papers lie on its hosts' branches",
                hint="read it as an exchange: --exchange REPO",
            )
        below = path / SESSIONS
        return cls((below if below.is_dir() else path).resolve())

    @property
    def key(self) -> str:
        return f"folder {self.root}"

    def groups(self, known: Mapping[str, Group], turn: int) -> Iterator[Group]:
        in_turn = _in_turn(known, turn)
        below: defaultdict[str, list[str]] = defaultdict(list)
        for key in filter(None, known):
            below[key.rpartition("/")[0]].append(key)
        waiting = [""]
        while waiting:
            key = waiting.pop()
            hint = self._hint(key)
            if hint is None:
                continue
            if hint and key in known and key not in in_turn and known[key].hint == hint:
                waiting += below[key]
                yield known[key]
            else:
                files, folders = self._list(key)
                waiting += folders
                yield Group(key, _COUNT.pack(len(files)) + _digest(files), hint)

    def entries(self, groups: Sequence[Group]) -> Iterator[Entry]:
        for group in groups:
            for name, size, changed, inode in self._list(group.key)[0]:
                yield Entry(group.key, name, _stamp_of(size, changed, inode))

    def read(self, entries: Sequence[Entry]) -> Iterator[tuple[Entry, bytes | Refused]]:
        for entry in entries:
            yield entry, self._content(entry)

    def is_as_it_was(self, entry: Entry) -> bool:
        try:
            about = os.lstat(f"{self.root}/{entry.group}/{entry.name}")
        except OSError:
            return False
        return stat.S_ISREG(about.st_mode) and entry.stamp == _stamp(about)

    def objection(self, entry: Entry, session: Dialogue) -> str:
        return ""

    def _content(self, entry: Entry) -> bytes | Refused:
        try:
            # O_NONBLOCK: a pipe that has taken the file's place must not keep us waiting
            handle = os.open(f"{self.root}/{entry.group}/{entry.name}", os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError as refusal:
            link = refusal.errno == errno.ELOOP
            return refused(entry.place, "it is a link" if link else f"it cannot be opened: {refusal.strerror}")
        try:
            about = os.fstat(handle)
            if not stat.S_ISREG(about.st_mode):
                return refused(entry.place, "it is no plain file")
            return oversized(entry.place, about.st_size) or os.read(handle, about.st_size)
        finally:
            os.close(handle)

    def _hint(self, key: str) -> bytes | None:
        try:
            about = (self.root / key).stat()
        except FileNotFoundError:  # it was there a moment ago
            return None
        settled = 0 < about.st_mtime_ns < time.time_ns() - _UNSETTLED_NS
        return _HINT.pack(about.st_mtime_ns, about.st_ino & _INODE) if settled else b""

    def _list(self, key: str) -> tuple[list[_Listed], list[str]]:
        try:
            handle = os.open(self.root / key, os.O_RDONLY | os.O_DIRECTORY)
        except FileNotFoundError:
            return [], []
        except OSError as refusal:
            raise UsageError(
                f"{self.root / key} cannot be read: {refusal.strerror}",
                hint="make it readable, or name a folder that is",
            ) from None
        files: list[_Listed] = []
        folders: list[str] = []
        try:
            with os.scandir(handle) as entries:
                for entry in entries:
                    name = entry.name
                    if name.startswith("."):
                        continue
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(f"{key}/{name}" if key else name)
                    elif name.endswith(SUFFIX):
                        about = entry.stat(follow_symlinks=False)
                        size = about.st_size if stat.S_ISREG(about.st_mode) else -1
                        files.append((name, size, about.st_mtime_ns, about.st_ino & _INODE))
        finally:
            os.close(handle)
        files.sort()
        return files, folders


def _stamp(about: os.stat_result) -> str:
    return _stamp_of(about.st_size, about.st_mtime_ns, about.st_ino & _INODE)


def _stamp_of(size: int, changed_ns: int, inode: int) -> str:
    return f"{size} {changed_ns} {inode}"


def _in_turn(known: Mapping[str, Group], turn: int) -> set[str]:
    """The folders whose files are asked this time: from where the last turn ended, until there are LOOK files."""
    counts = {key: _COUNT.unpack_from(known[key].stamp)[0] for key in sorted(known)}
    total = sum(counts.values())
    if total <= LOOK:
        return set(known)
    first = turn * LOOK % total
    chosen: set[str] = set()
    at = 0
    for key, count in counts.items():
        # what is asked may go over the end, and on from the beginning
        if any(first < at + count + lap and at + lap < first + LOOK for lap in (0, total)):
            chosen.add(key)
        at += count
    return chosen


def _digest(files: list[_Listed]) -> bytes:
    names = "/".join([name for name, _, _, _ in files]).encode("utf-8", "surrogateescape")
    numbers = array("q", [number for _, *three in files for number in three])
    return hashlib.blake2b(names + numbers.tobytes(), digest_size=16).digest()
