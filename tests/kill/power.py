"""A disk that loses power: what was written and not synced is, at random, there, gone or garbage.

The real calls happen, and are written down. From the first k of them follow the states in which a power cut may leave
the disk. Model (facts §5, after SQLite's simulated power loss):

    data      until fsync or fdatasync of the file, of each sector 37.5 % are written, 37.5 % dropped, 25 % garbage
    size      a dropped write at the end of a file may still have made it longer, with zeros
    names     until fsync of their folder, each link, unlink, rename and mkdir is there or not, each by itself, whole
    neighbours  bytes that were synced before stay, also in a sector that is written again ("powersafe overwrite")
"""

from __future__ import annotations

import contextlib
import os
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Data:
    """Bytes that went to a file."""

    file: int
    at: int
    data: bytes


@dataclass(frozen=True)
class Size:
    """A file was cut."""

    file: int
    size: int


@dataclass(frozen=True)
class Names:
    """Names of one folder that changed together; None: the name is gone, -1: it is a folder."""

    folder: str
    changed: tuple[tuple[str, int | None], ...]


@dataclass(frozen=True)
class Sync:
    """A file (by its number) or a folder (by its path) is safe up to here."""

    what: int | str


@dataclass(frozen=True)
class Ack:
    """Somebody was promised something here."""

    promise: str


Event = Data | Size | Names | Sync | Ack


@dataclass
class Recorder:
    """Writes down what happens below `root`, which must be empty at first."""

    root: Path
    events: list[Event] = field(default_factory=list)
    _files: dict[int, tuple[int, bool]] = field(default_factory=dict)
    _folders: dict[int, str] = field(default_factory=dict)
    _numbers: dict[int, int] = field(default_factory=dict)

    def ack(self, promise: str) -> None:
        """Note a promise."""
        self.events.append(Ack(promise))

    @contextlib.contextmanager
    def recording(self) -> Iterator[None]:
        """Watch this process' calls."""
        names = ("open", "close", "write", "fsync", "fdatasync", "ftruncate", "link", "replace", "unlink", "mkdir")
        real = {name: getattr(os, name) for name in names}
        self._real = real
        for name in names:
            setattr(os, name, getattr(self, f"_{name}"))
        try:
            yield
        finally:
            for name, function in real.items():
                setattr(os, name, function)

    def _open(self, path: Any, flags: int, *rest: Any, **named: Any) -> int:
        existed = os.path.lexists(path)
        handle: int = self._real["open"](path, flags, *rest, **named)
        if not self._mine(path):
            return handle
        if flags & os.O_DIRECTORY:
            self._folders[handle] = self._name(path)
        else:
            inode = os.fstat(handle).st_ino
            if not existed:  # the inode of a file that is gone may come again
                self._numbers[inode] = len(self.events) + 1
                self._named(path, self._numbers[inode])
            self._files[handle] = (self._numbers[inode], bool(flags & os.O_APPEND))
        return handle

    def _close(self, handle: int) -> None:
        self._files.pop(handle, None)
        self._folders.pop(handle, None)
        self._real["close"](handle)

    def _write(self, handle: int, data: Any) -> int:
        known = self._files.get(handle)
        if known is None:
            return int(self._real["write"](handle, data))
        at = os.fstat(handle).st_size if known[1] else os.lseek(handle, 0, os.SEEK_CUR)
        count = int(self._real["write"](handle, data))
        self.events.append(Data(known[0], at, bytes(data)[:count]))
        return count

    def _fsync(self, handle: int) -> None:
        self._real["fsync"](handle)
        self._synced(handle)

    def _fdatasync(self, handle: int) -> None:
        self._real["fdatasync"](handle)
        self._synced(handle)

    def _synced(self, handle: int) -> None:
        if handle in self._files:
            self.events.append(Sync(self._files[handle][0]))
        elif handle in self._folders:
            self.events.append(Sync(self._folders[handle]))

    def _ftruncate(self, handle: int, size: int) -> None:
        self._real["ftruncate"](handle, size)
        if handle in self._files:
            self.events.append(Size(self._files[handle][0], size))

    def _link(self, source: Any, to: Any, **named: Any) -> None:
        self._real["link"](source, to, **named)
        self._named(to, self._numbers[os.stat(to).st_ino])  # noqa: PTH116 - the module that is under test

    def _replace(self, source: Any, to: Any, **named: Any) -> None:
        self._real["replace"](source, to, **named)
        changed = ((Path(source).name, None), (Path(to).name, self._numbers[os.stat(to).st_ino]))  # noqa: PTH116
        self.events.append(Names(self._name(Path(to).parent), changed))

    def _unlink(self, path: Any, **named: Any) -> None:
        self._real["unlink"](path, **named)
        self._named(path, None)

    def _mkdir(self, path: Any, *rest: Any, **named: Any) -> None:
        self._real["mkdir"](path, *rest, **named)
        self._named(path, -1)

    def _named(self, path: Any, number: int | None) -> None:
        if self._mine(path):
            self.events.append(Names(self._name(Path(path).parent), ((Path(path).name, number),)))

    def _mine(self, path: Any) -> bool:
        return Path(path).is_relative_to(self.root)

    def _name(self, path: Any) -> str:
        return Path(path).relative_to(self.root).as_posix()


@dataclass
class Disk:
    """What is safe, and what is on its way."""

    contents: dict[int, bytearray] = field(default_factory=dict)
    names: dict[str, dict[str, int]] = field(default_factory=dict)
    data: dict[int, list[Data | Size]] = field(default_factory=dict)
    changes: dict[str, list[Names]] = field(default_factory=dict)

    def hear(self, event: Event) -> None:
        """Take one call in."""
        if isinstance(event, Data | Size):
            self.data.setdefault(event.file, []).append(event)
        elif isinstance(event, Names):
            self.changes.setdefault(event.folder, []).append(event)
        elif isinstance(event, Sync) and isinstance(event.what, str):
            for change in self.changes.pop(event.what, []):
                self._rename(change)
        elif isinstance(event, Sync) and isinstance(event.what, int):
            for write in self.data.pop(event.what, []):
                self._store(write)

    def cut_power(self, draw: random.Random, sector: int) -> None:
        """Decide what became of everything that was on its way."""
        for writes in self.data.values():
            for write in writes:
                self._maybe(write, draw, sector)
        for changes in self.changes.values():
            for change in changes:
                if draw.random() < 0.5:
                    self._rename(change)

    def lay_out(self, folder: Path) -> None:
        """Make what is left of the disk below an empty folder."""
        self._lay_out(folder, ".")

    def _lay_out(self, target: Path, name: str) -> None:
        target.mkdir(exist_ok=True)
        for entry, number in self.names.get(name, {}).items():
            if number == -1:
                self._lay_out(target / entry, entry if name == "." else f"{name}/{entry}")
            else:
                (target / entry).write_bytes(self.contents.get(number, b""))

    def _rename(self, change: Names) -> None:
        held = self.names.setdefault(change.folder, {})
        for name, number in change.changed:
            if number is None:
                held.pop(name, None)
            else:
                held[name] = number

    def _store(self, write: Data | Size) -> None:
        content = self.contents.setdefault(write.file, bytearray())
        if isinstance(write, Size):
            del content[write.size :]
        else:
            content.extend(bytes(max(0, write.at - len(content))))
            content[write.at : write.at + len(write.data)] = write.data

    def _maybe(self, write: Data | Size, draw: random.Random, sector: int) -> None:
        if isinstance(write, Size):
            if draw.random() < 0.5:
                self._store(write)
            return
        at = write.at
        while at < write.at + len(write.data):
            end = min(write.at + len(write.data), (at // sector + 1) * sector)
            piece = write.data[at - write.at : end - write.at]
            fate = draw.random()
            if fate < 0.375:
                self._store(Data(write.file, at, piece))
            elif fate > 0.75:
                self._store(Data(write.file, at, draw.randbytes(len(piece))))
            elif draw.random() < 0.5:
                self._store(Data(write.file, at, bytes(len(piece))))
            at = end


def states(events: list[Event], folder: Path, draws: int, seed: int) -> Iterator[tuple[Path, frozenset[str]]]:
    """Yield (folder, promises given by then) for `draws` possible disks after each number of calls."""
    draw = random.Random(seed)
    for count in range(len(events) + 1):
        promised = frozenset(event.promise for event in events[:count] if isinstance(event, Ack))
        for number in range(draws):
            disk = Disk()
            for event in events[:count]:
                disk.hear(event)
            disk.cut_power(draw, draw.choice((512, 4096)))
            left = folder / f"{count}-{number}"
            disk.lay_out(left)
            yield left, promised
