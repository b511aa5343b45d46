"""A cache in use: opened, brought up to date, and made anew when it turns out to be damaged."""

from __future__ import annotations

import sqlite3
import struct
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from sage_edge.analysis.corpus import headers
from sage_edge.analysis.corpus.cache import Cache, Tell, throw_away, writing
from sage_edge.analysis.corpus.cache_refresh import Progress, Refresh
from sage_edge.analysis.corpus.headers import COLUMNS
from sage_edge.analysis.corpus.packing import Damaged
from sage_edge.analysis.corpus.registry import Registry
from sage_edge.analysis.corpus.sources import Source
from sage_edge.records.dialogue import Dialogue

T = TypeVar("T")

_OURS = (sqlite3.ProgrammingError, sqlite3.NotSupportedError)
"""Mistakes of this program, not of a file."""

_DAMAGE = (sqlite3.DatabaseError, Damaged, TypeError, ValueError, LookupError, struct.error)
"""What comes of a damaged file: a value may be of another kind now. A mistake of ours comes again without it."""


@dataclass(frozen=True)
class Held:
    """A session that the cache holds, without its words, and whether it counts among the sessions."""

    header: Dialogue
    counts: bool


@dataclass
class Shelf:
    """The cache of a source. `path` is None for one in memory."""

    source: Source
    registry: Registry
    path: Path | None
    tell: Tell
    workers: int = 1
    progress: Progress | None = None
    _cache: Cache | None = field(default=None, init=False)
    _held: tuple[Held, ...] | None = field(default=None, init=False)

    def open(self) -> None:
        """Bring the cache up to date and hold it as it is then. Raises Locked, SageError."""
        with writing(self.path, self.tell) as path:
            self._cache = self._opened(path)

    def _opened(self, path: Path | None) -> Cache:
        for place in (path, path) if path is not None else ():
            try:
                return self._fresh(place)
            except _OURS:
                raise
            except sqlite3.OperationalError as refusal:  # a full or read-only disk: nothing to throw away
                self.tell(f"nothing is kept for the next time: {place}: {refusal}")
                break
            except _DAMAGE:
                self._throw_away(place)
        return self._fresh(None)

    def _fresh(self, path: Path | None) -> Cache:
        cache = Cache(path)
        try:
            Refresh(self.source, cache, self.registry, self.workers, self.progress).run()
            cache.freeze()
        except BaseException:
            cache.close()
            raise
        return cache

    def ask(self, question: Callable[[Cache], T]) -> T:
        """Return the answer of the cache; a damaged one is made anew, and asked again."""
        try:
            return question(self._open_cache())
        except _OURS:
            raise
        except _DAMAGE:
            self._make_anew()
            return question(self._open_cache())

    def held(self) -> tuple[Held, ...]:
        """Return every session, by host, track and number; unnumbered ones last."""
        if self._held is None:
            self._held = self.ask(_held)
        return self._held

    def close(self) -> None:
        """Let go of the cache."""
        if self._cache is not None:
            self._cache.close()
        self._cache = None

    def _open_cache(self) -> Cache:
        if self._cache is None:
            self.open()
        if self._cache is None:
            raise Damaged("a cache that was closed")
        return self._cache

    def _make_anew(self) -> None:
        path = self._cache.path if self._cache else None
        self.close()
        self._held = None
        if path is not None:
            with writing(path, self.tell):
                self._throw_away(path)
        self.open()

    def _throw_away(self, path: Path) -> None:
        self.tell(f"the cache {path} is damaged; it is thrown away and made anew")
        throw_away(path)


def _held(cache: Cache) -> tuple[Held, ...]:
    found = []
    for checksum, *row in cache.rows(f"SELECT checksum, {', '.join(COLUMNS)} FROM papers"):  # noqa: S608 - constants
        headers.check(tuple(row), checksum)
        found.append(headers.from_row(tuple(row)))
    found.sort(key=_order)
    claims = Counter(map(_claim, found))
    return tuple(Held(one, _is_numbered(one) and claims[_claim(one)] == 1) for one in found)


def _order(one: Dialogue) -> tuple[object, ...]:
    number = -1 if one.number is None else one.number
    return (one.host, one.track or "", one.number is None, number, one.standing != "session", one.label, one.seal)


def _is_numbered(one: Dialogue) -> bool:
    return one.standing == "session" and one.number is not None


def _claim(one: Dialogue) -> tuple[object, ...]:
    return (one.host, one.track, one.number) if _is_numbered(one) else (one.seal,)
