"""What was once computed about a corpus, in one SQLite file that may be removed at any time.

    groups    (key, stamp, hint)                      places that were read, and what they held
    places    (grp, name, stamp, paper, reason, checksum)   every file: which paper it holds, or why it is refused
    papers    (no, the columns of headers, counts, answers, checksum)
    scorers   (no, name, complete)                    name: id, version, definition and quantities; nothing else matches
    scores    (scorer, paper, context, marks)         context: of the sessions before it that the scorer looked at
    touched   (host, track, number)                   whose place among the sessions is not settled yet
    looks     (turn)                                  how often it was brought up to date

A paper is known by its seal, and its scores by seal, context and scorer: a score can be missing, but never be that of
something else. One process writes at a time (lock file beside it); a killed one loses its last batch at most (SQLite's
write-ahead log). Whatever is damaged is thrown away, with one line, and computed again; where nothing can be kept,
everything happens in memory.
"""

from __future__ import annotations

import contextlib
import sqlite3
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sage_edge import files, locks
from sage_edge.analysis.corpus.headers import COLUMNS, Row, check, seal_of
from sage_edge.analysis.corpus.sources import Entry
from sage_edge.errors import StorageError

_PATIENCE_S = 120.0
_SCHEMA = f"""
CREATE TABLE IF NOT EXISTS groups (key BLOB PRIMARY KEY, stamp BLOB NOT NULL, hint BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS places (
    grp BLOB, name BLOB, stamp TEXT NOT NULL, paper INTEGER, reason TEXT, checksum BLOB NOT NULL,
    PRIMARY KEY (grp, name)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS places_of_papers ON places (paper);
CREATE TABLE IF NOT EXISTS papers (
    no INTEGER PRIMARY KEY, {", ".join(COLUMNS)}, counts INTEGER NOT NULL, answers BLOB NOT NULL,
    checksum BLOB NOT NULL);
CREATE UNIQUE INDEX IF NOT EXISTS papers_by_seal ON papers (seal);
CREATE INDEX IF NOT EXISTS papers_in_order ON papers (host, track, number);
CREATE TABLE IF NOT EXISTS scorers (no INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, complete INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS scores (
    scorer INTEGER, paper INTEGER, context BLOB NOT NULL, marks BLOB NOT NULL, PRIMARY KEY (scorer, paper))
    WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS looks (turn INTEGER);
CREATE TABLE IF NOT EXISTS touched (host TEXT, track TEXT, number INTEGER, PRIMARY KEY (host, track, number));
"""

FORMAT = zlib.crc32(_SCHEMA.encode()) >> 1 or 1
"""Of this schema and no other; what an older program kept is thrown away."""

_INSERT_PAPER = "INSERT INTO papers VALUES (?" + ", ?" * (len(COLUMNS) + 3) + ")"
_HOST, _TRACK, _NUMBER, _STANDING = map(COLUMNS.index, ("host", "track", "number", "standing"))

Tell = Callable[[str], None]
"""Where one line for people goes."""


@dataclass(frozen=True)
class Place:
    """A file that was read: the number of the paper it holds, or why it is refused."""

    entry: Entry
    paper: int | None
    reason: str | None


def raw(name: str) -> bytes:
    """Return a name as the file system has it: it need not be text."""
    return name.encode("utf-8", "surrogateescape")


def text(name: bytes) -> str:
    """Return a name as Python writes it."""
    return name.decode("utf-8", "surrogateescape")


class Cache:
    """An open cache. `path` is None where it lies in memory."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.db = sqlite3.connect(path or ":memory:", isolation_level=None, timeout=_PATIENCE_S)
        try:
            self._prepare()
        except BaseException:
            self.db.close()
            raise

    def _prepare(self) -> None:
        # what a damaged file holds must come back as it is, so that its checksum can tell
        self.db.text_factory = lambda data: data.decode("utf-8", "replace")
        (version,) = self.db.execute("PRAGMA user_version").fetchone()
        if version not in (0, FORMAT):
            raise sqlite3.DatabaseError(f"format {version}, this is format {FORMAT}")
        self.db.execute("PRAGMA journal_mode = WAL")
        self.db.execute("PRAGMA synchronous = NORMAL")
        if version == 0:
            self.db.executescript(f"BEGIN; {_SCHEMA} PRAGMA user_version = {FORMAT}; COMMIT;")

    def rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """Return what a query finds."""
        return self.db.execute(sql, values).fetchall()

    def all(self, sql: str, many: Iterable[Sequence[object]]) -> None:
        """Run one statement for many rows."""
        self.db.executemany(sql, many)

    @contextlib.contextmanager
    def batch(self) -> Iterator[None]:
        """Everything in the body is kept, or nothing of it."""
        self.db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self.db.execute("ROLLBACK")
            raise
        self.db.execute("COMMIT")

    def turn(self) -> int:
        """Count one more look; return how many there were before."""
        found = self.rows("SELECT turn FROM looks")
        turn = int(found[0][0]) if found else 0
        self.all("UPDATE looks SET turn = ?" if found else "INSERT INTO looks VALUES (?)", [(turn + 1,)])
        return turn

    def numbers(self, seals: Iterable[str]) -> dict[str, int]:
        """Return the numbers of those papers that are kept."""
        found = (self.rows("SELECT seal, no FROM papers WHERE seal = ?", seal) for seal in seals)
        return dict(row for rows in found for row in rows)

    def add(self, papers: Sequence[tuple[Row, bytes]]) -> dict[str, int]:
        """Keep new papers, each a header's row and its answers; return their numbers."""
        ((last,),) = self.rows("SELECT coalesce(max(no), 0) FROM papers")
        kept = []
        for no, (row, answers) in enumerate(papers, start=last + 1):
            is_session = row[_STANDING] == "session" and row[_NUMBER] is not None
            kept.append((no, *row, is_session, answers, seal_of(row)))
        self.all(_INSERT_PAPER, kept)
        self._touch((row[_HOST], row[_TRACK], row[_NUMBER]) for row, _ in papers)
        return {one[1]: one[0] for one in kept}

    def keep_scores(self, scores: Iterable[tuple[int, int, bytes, bytes]]) -> None:
        """Keep (scorer, paper, context, marks)."""
        self.all("INSERT OR REPLACE INTO scores VALUES (?, ?, ?, ?)", scores)

    def keep_places(self, places: Iterable[Place]) -> None:
        """Keep what lies at some places."""
        rows = ((raw(one.entry.group), raw(one.entry.name), one.entry.stamp, one.paper, one.reason) for one in places)
        self.all("INSERT OR REPLACE INTO places VALUES (?, ?, ?, ?, ?, ?)", ((*row, seal_of(row)) for row in rows))

    def places(self, where: str, *values: object) -> list[Place]:
        """Return the places that meet a condition, by name. Raises Damaged."""
        found = self.rows(f"SELECT * FROM places WHERE {where} ORDER BY grp, name", *values)  # noqa: S608 - our own words
        for *row, checksum in found:
            check(tuple(row), checksum)
        return [
            Place(Entry(text(grp), text(name), stamp), paper, reason) for grp, name, stamp, paper, reason, _ in found
        ]

    def forget(self, places: Iterable[Place]) -> None:
        """Forget what lay at some places, and papers that lie nowhere any more."""
        for place in places:
            self.all("DELETE FROM places WHERE grp = ? AND name = ?", [(raw(place.entry.group), raw(place.entry.name))])
            if place.paper is not None and not self.rows("SELECT 1 FROM places WHERE paper = ?", place.paper):
                self._touch(self.rows("SELECT host, track, number FROM papers WHERE no = ?", place.paper))
                self.all("DELETE FROM scores WHERE scorer IN (SELECT no FROM scorers) AND paper = ?", [(place.paper,)])
                self.all("DELETE FROM papers WHERE no = ?", [(place.paper,)])

    def _touch(self, placed: Iterable[Sequence[Any]]) -> None:
        """The order is to be settled from these (host, track, number) on."""
        numbered = [one for one in placed if one[1] is not None and one[2] is not None]
        self.all("INSERT OR IGNORE INTO touched VALUES (?, ?, ?)", numbered)

    def freeze(self) -> None:
        """From here on see the cache as it is now, whatever another process adds."""
        self.db.execute("BEGIN")
        self.db.execute("SELECT count(*) FROM touched").fetchone()

    def close(self) -> None:
        """Let go of the file."""
        self.db.close()


@contextlib.contextmanager
def writing(path: Path | None, tell: Tell) -> Iterator[Path | None]:
    """Hold the right to write a cache; yields None, after one line, where none can be kept. Raises Locked."""
    with contextlib.ExitStack() as held:
        try:
            if path is not None:
                lock = path.with_suffix(".lock")
                held.enter_context(locks.hold(lock, f"the cache {path}", wait_s=_PATIENCE_S))
        except (OSError, StorageError) as refusal:
            tell(f"nothing is kept for the next time: {refusal}")
            path = None
        yield path


def throw_away(path: Path) -> None:
    """Remove a cache. Only for the holder of its lock."""
    with files.storing(path):
        for part in (path, Path(f"{path}-wal"), Path(f"{path}-shm")):
            part.unlink(missing_ok=True)
