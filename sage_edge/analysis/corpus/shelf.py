"""The cache of a corpus in use: opened, updated, and rebuilt when it turns out to be damaged."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from sage_edge.analysis.corpus.measured_papers import MeasuredPapers
from sage_edge.analysis.corpus.refresh import Progress, Refresh
from sage_edge.analysis.corpus.score_cache import (
    CacheLog,
    Damaged,
    OtherFormat,
    ScoreCache,
    throw_away,
    writing,
)
from sage_edge.analysis.corpus.scoring import Scoring
from sage_edge.analysis.corpus.sources import PaperSource
from sage_edge.records.dialogue import Dialogue
from sage_edge.scorers.base import Scorer

T = TypeVar("T")

_OURS = (sqlite3.ProgrammingError, sqlite3.NotSupportedError)
"""Mistakes of this program, not of a file."""

_DAMAGE = (sqlite3.DatabaseError, Damaged, TypeError, ValueError, LookupError)
"""What comes of a damaged file: a value may be of another kind now. A mistake of ours comes again without it."""


@dataclass(frozen=True)
class ShelvedSession:
    """A session without its words, and whether it counts among the sessions."""

    header: Dialogue
    counts: bool


@dataclass
class Shelf:
    """The cache of a source. `path` is None for one in memory."""

    source: PaperSource
    scorers: Sequence[Scorer]
    path: Path | None
    log: CacheLog
    progress: Progress | None = None
    _papers: MeasuredPapers | None = field(default=None, init=False)
    _sessions: tuple[ShelvedSession, ...] | None = field(default=None, init=False)

    def open(self) -> None:
        """Bring the cache up to date and hold what the files say then. Raises Locked, SageError."""
        with writing(self.path, self.log) as path:
            self._papers = self._opened(path)

    def _opened(self, path: Path | None) -> MeasuredPapers:
        for place in (path, path) if path is not None else ():
            try:
                return self._fresh(place)
            except _OURS:
                raise
            except sqlite3.OperationalError as refusal:  # a full or read-only disk: nothing to throw away
                self.log(f"nothing is kept for the next time: {place}: {refusal}")
                break
            except OtherFormat:
                self._throw_away(place, "of another format")
            except _DAMAGE:
                self._throw_away(place)
        return self._fresh(None)

    def _fresh(self, path: Path | None) -> MeasuredPapers:
        cache = ScoreCache(path)
        try:
            scoring = Scoring(self.source, cache, self.scorers)
            index = Refresh(self.source, cache, scoring, self.progress).run()
            cache.freeze()
        except BaseException:
            cache.close()
            raise
        return MeasuredPapers(cache, index, scoring, self.log, self.progress)

    def ask(self, question: Callable[[MeasuredPapers], T]) -> T:
        """Return the answer to a question; a damaged cache is made anew, and asked again."""
        try:
            return question(self._open_papers())
        except _OURS:
            raise
        except _DAMAGE:
            self._make_anew()
            return question(self._open_papers())

    def sessions(self) -> tuple[ShelvedSession, ...]:
        """Return every session, by host, mind, track and number; unnumbered ones last."""
        if self._sessions is None:
            sessions = [ShelvedSession(*session) for session in self.ask(MeasuredPapers.headers)]
            self._sessions = tuple(sorted(sessions, key=lambda session: _order(session.header)))
        return self._sessions

    def close(self) -> None:
        """Let go of the cache."""
        if self._papers is not None:
            self._papers.cache.close()
        self._papers = None

    def _open_papers(self) -> MeasuredPapers:
        if self._papers is None:
            self.open()
        if self._papers is None:
            raise Damaged("a cache that was closed")
        return self._papers

    def _make_anew(self) -> None:
        path = self._papers.cache.path if self._papers else None
        self.close()
        self._sessions = None
        if path is not None:
            with writing(path, self.log):
                self._throw_away(path)
        self.open()

    def _throw_away(self, path: Path, why: str = "damaged") -> None:
        self.log(f"the cache {path} is {why}; it is thrown away and made anew")
        throw_away(path)


def _order(header: Dialogue) -> tuple[object, ...]:
    number = -1 if header.number is None else header.number
    numbered = (header.host, header.individual, header.track or "", header.number is None, number)
    return (*numbered, header.standing != "session", header.label, header.seal)
