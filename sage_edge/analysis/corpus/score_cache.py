"""Cache of marks and headers: one table in one SQLite file that may be removed at any time.

    seal        rule                    context                  content, as JSON
    a paper's   a scorer's definition   the sessions before it   its marks: quantity → [[turn, value], …]
    a paper's   header                  -                        the session without its words
    a paper's   answers                 -                        the measures of each answer
    -           listing                 a folder, or a tree      its stamp, and which session numbers are in it
    -           files                   a folder, or a tree      each file of it, with the paper's seal or a reason
    -           looks                   -                        how often the listings were brought up to date

A row is found by everything that its content depends on, so it can be missing, but never be that of something else.
One process writes at a time (lock file beside it); a killed one loses its last batch at most (SQLite's write-ahead
log). Whatever is damaged or of another format is thrown away, with one line, and computed again; where nothing can be
kept, everything happens in memory.
"""

from __future__ import annotations

import contextlib
import sqlite3
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from sage_edge import files, locks
from sage_edge.errors import StorageError

_PATIENCE_S = 120.0
_LOG_PAGES = 8_000
"""Of 4 KB. A batch of new papers fills some hundreds, and the usual 1,000 would sync the whole file after each."""
_SCHEMA = """
CREATE TABLE kept (
    seal TEXT, rule TEXT, context TEXT, content TEXT NOT NULL, checksum INTEGER NOT NULL,
    PRIMARY KEY (seal, rule, context)) WITHOUT ROWID;
"""

_CONTENTS = "headers with the place in a trial"
"""What changed last in the contents that the table keeps."""

FORMAT = zlib.crc32((_SCHEMA + _CONTENTS).encode()) >> 1 or 1
"""Of this schema, these contents and no other; what an older program kept is thrown away."""

CacheLog = Callable[[str], None]
"""Where one line for people goes."""


class Damaged(Exception):
    """The cache does not hold what was once put into it, or the corpus not what the cache says."""


class OtherFormat(Exception):
    """A program of another age made the cache, and nothing is wrong with it."""


class CachedRow(NamedTuple):
    """One row without its checksum. rule: a scorer's definition, or one of the words above."""

    seal: str
    rule: str
    context: str
    content: str

    @property
    def checksum(self) -> int:
        """Over the content and what it belongs to."""
        return _checksum(self.seal, self.rule, self.context, _bytes(self.content))


class ScoreCache:
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
            raise OtherFormat(version)
        self.db.execute("PRAGMA journal_mode = WAL")
        self.db.execute("PRAGMA synchronous = NORMAL")
        self.db.execute(f"PRAGMA wal_autocheckpoint = {_LOG_PAGES}")
        if version == 0:
            self.db.executescript(f"BEGIN; {_SCHEMA} PRAGMA user_version = {FORMAT}; COMMIT;")

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

    def put(self, rows: Iterable[CachedRow]) -> None:
        """Keep rows, in the place of those with the same key."""
        self.db.executemany(
            "INSERT OR REPLACE INTO kept VALUES (?, ?, ?, ?, ?)", ((*row, row.checksum) for row in rows)
        )

    def get(self, seal: str, rule: str, context: str = "") -> str | None:
        """Return the content of a row, or None where it is missing. Raises Damaged."""
        rows = self.db.execute(
            "SELECT content, checksum FROM kept WHERE seal = ? AND rule = ? AND context = ?", (seal, rule, context)
        )
        for content, checksum in rows:
            return _whole(CachedRow(seal, rule, context, content), checksum)
        return None

    def marks(self, seals: Sequence[str]) -> Iterator[tuple[tuple[str, str, str], bytes]]:
        """Yield what every scorer marked in some papers, at most a few hundred: key and content. Raises Damaged."""
        asked = ",".join("?" * len(seals))
        what = "seal, rule, context, CAST(content AS BLOB), checksum"
        whose = f"seal IN ({asked}) AND rule NOT IN ('header', 'answers')"
        rows = self.db.execute(f"SELECT {what} FROM kept WHERE {whose}", tuple(seals))  # noqa: S608 - marks only
        for seal, rule, context, content, checksum in rows:
            if _checksum(seal, rule, context, content) != checksum:
                raise Damaged(seal, rule)
            yield (seal, rule, context), content

    def listings(self) -> Iterator[tuple[str, str]]:
        """Yield (context, content) of every listing. Raises Damaged."""
        rows = self.db.execute("SELECT context, content, checksum FROM kept WHERE seal = '' AND rule = 'listing'")
        for context, content, checksum in rows.fetchall():
            yield context, _whole(CachedRow("", "listing", context, content), checksum)

    def keys(self, seal: str) -> set[tuple[str, str]]:
        """Return (rule, context) of every row that is kept of a paper."""
        return set(self.db.execute("SELECT rule, context FROM kept WHERE seal = ?", (seal,)))

    def forget_listings(self, contexts: Iterable[str]) -> None:
        """Forget some listings; what was computed about their papers stays."""
        self.db.executemany(
            "DELETE FROM kept WHERE seal = '' AND rule IN ('listing', 'files') AND context = ?",
            ((context,) for context in contexts),
        )

    def next_look(self) -> int:
        """Count one more look; return how many there were before."""
        looks = int(self.get("", "looks") or 0)
        self.put([CachedRow("", "looks", "", str(looks + 1))])
        return looks

    def freeze(self) -> None:
        """From here on see the cache as it is now, whatever another process adds; nothing can be kept until `thaw`."""
        self.db.execute("BEGIN")
        self.db.execute("SELECT count(*) FROM kept WHERE seal = '' AND rule = 'looks'").fetchone()

    def thaw(self) -> None:
        """See the cache as it is by then."""
        if self.db.in_transaction:
            self.db.execute("COMMIT")

    def close(self) -> None:
        """Let go of the file."""
        self.db.close()


def _checksum(seal: str, rule: str, context: str, content: bytes) -> int:
    return zlib.crc32(content, zlib.crc32(_bytes(f"{seal}\0{rule}\0{context}\0")))


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "backslashreplace")


def _whole(row: CachedRow, checksum: object) -> str:
    if not isinstance(row.content, str) or row.checksum != checksum:
        raise Damaged(row.seal, row.rule)
    return row.content


@contextlib.contextmanager
def writing(path: Path | None, log: CacheLog) -> Iterator[Path | None]:
    """Hold the right to write a cache; yields None, after one line, where none can be kept. Raises Locked."""
    with contextlib.ExitStack() as stack:
        try:
            if path is not None:
                lock = path.with_suffix(".lock")
                stack.enter_context(locks.hold(lock, f"the cache {path}", wait_s=_PATIENCE_S))
        except (OSError, StorageError) as refusal:
            log(f"nothing is kept for the next time: {refusal}")
            path = None
        yield path


def throw_away(path: Path) -> None:
    """Remove a cache. Only for the holder of its lock."""
    with files.storing(path):
        for part in (path, Path(f"{path}-wal"), Path(f"{path}-shm")):
            part.unlink(missing_ok=True)
