"""Where a corpus' papers lie, without a word of what is in them: groups of entries, each with a stamp.

    group    a folder, or a tree of a branch       its stamp changes when anything directly in it does
    entry    one file                              its stamp changes when its content does

So whoever remembers the stamps looks only at what is new.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from sage_edge.exchange.rules import LIMIT_BYTES
from sage_edge.records.dialogue import Dialogue
from sage_edge.sanitize import one_line

SUFFIX = ".json"
SESSIONS = "sessions"
_LONGEST_REASON = 200
_NUMBER = re.compile(r"([0-9]{1,18})")


@dataclass(frozen=True)
class Refused:
    """A file that is not believed. place: where it lies in the corpus. reason: one printable line."""

    place: str
    reason: str

    def __str__(self) -> str:
        return f"{self.place} is refused: {self.reason}"


class Group(NamedTuple):
    """A place that holds entries. stamp: equal stamps mean equal entries. hint: what the source wants to remember."""

    key: str
    stamp: bytes
    hint: bytes = b""


class Entry(NamedTuple):
    """One file of a group. stamp: equal stamps mean equal content."""

    group: str
    name: str
    stamp: str

    @property
    def place(self) -> str:
        """Where it lies, for people: printable, whatever bytes its name has."""
        return one_line(f"{self.group}/{self.name}" if self.group else self.name)

    @property
    def order(self) -> tuple[tuple[str | int, ...], ...]:
        """By this entries are read: numbers in names count as numbers, so sessions mostly come in their order."""
        return tuple(
            tuple(int(p) if i % 2 else p for i, p in enumerate(_NUMBER.split(t))) for t in (self.group, self.name)
        )


class PaperSource(Protocol):
    """A place that papers are read from."""

    @property
    def key(self) -> str:
        """What tells it from every other source."""

    def groups(self, known: Mapping[str, Group], turn: int) -> Iterator[Group]:
        """Yield every group that there is now. known: the groups of an earlier look; turn: counts the looks."""

    def entries(self, groups: Sequence[Group]) -> Iterator[Entry]:
        """Yield the entries of some groups."""

    def read(self, entries: Sequence[Entry]) -> Iterator[tuple[Entry, bytes | Refused]]:
        """Yield the content of some entries, in order; a file that is too long is not read."""

    def is_as_it_was(self, entry: Entry) -> bool:
        """Return whether an entry has the content that it had when it was listed, without reading it."""

    def objection(self, entry: Entry, session: Dialogue) -> str:
        """Return why this paper cannot lie at this place, or nothing."""


def refused(place: str, reason: object) -> Refused:
    """Return a refusal whose reason is one line, whatever foreign text it quotes."""
    line = one_line(str(reason))
    return Refused(place, line if len(line) <= _LONGEST_REASON else line[: _LONGEST_REASON - 3] + "...")


def oversized(place: str, size_bytes: int) -> Refused | None:
    """Return the refusal of a file that is too long to be read at all, or None."""
    if size_bytes <= LIMIT_BYTES:
        return None
    return refused(place, f"it has {size_bytes} bytes, more than a paper may have ({LIMIT_BYTES})")


def in_order(entries: Iterable[Entry]) -> list[Entry]:
    """Return entries in the order in which they are read."""
    return sorted(entries, key=lambda entry: entry.order)
