"""The journal of one session: a turn is on disk before the next one is asked for.

state/journals/P021.jsonl        a LineLog (files): every line is checked, the file appears with its head in it

<crc> {"head": {…}}              who, what, which lesson; creating the file claims the number, once for ever
<crc> {"turn": {…}}              one line per finished, failed or interrupted turn, each naming the one before
<crc> {"resumed": "<time>"}      somebody picked the session up again
<crc> {"closing": {…}}           how it ended; the transcript follows from these lines alone
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sage_edge import clock, files
from sage_edge.names import Digest, SessionId
from sage_edge.records.base import parse
from sage_edge.records.transcript import Closing, Head, Transcript, Turn
from sage_edge.sessions.errors import JournalBroken

_KINDS: dict[str, type[Head] | type[Turn] | type[Closing]] = {"head": Head, "turn": Turn, "closing": Closing}


@dataclass(frozen=True)
class SessionLog:
    """The content of a journal so far. deaths: how often it was resumed since its last turn."""

    head: Head
    turns: tuple[Turn, ...]
    resumed: int
    deaths: int
    closing: Closing | None

    @property
    def last_link(self) -> Digest:
        """What the next turn or the closing has to name as its predecessor."""
        return (self.turns[-1] if self.turns else self.head).fingerprint()

    def transcript(self) -> Transcript:
        """The transcript that follows from a closed journal."""
        if self.closing is None:
            raise RuntimeError("an open session has no transcript")
        return Transcript(head=self.head, turns=self.turns, closing=self.closing, seal=self.closing.fingerprint())


class Journal:
    """One session's journal file."""

    def __init__(self, folder: Path, session: SessionId) -> None:
        self.session = session
        self.path = folder / f"{session}.jsonl"
        self._log = files.LineLog(self.path)

    def claim(self, head: Head) -> None:
        """Create the journal with its head. Raises FileExistsError when the number is taken."""
        files.create_exclusive(self.path, files.LineLog.encode(_line("head", head.model_dump(mode="json"))))

    def turn(self, turn: Turn) -> None:
        """Keep a turn. Raises StorageError; then the turn did not happen."""
        self._log.append(_line("turn", turn.model_dump(mode="json")))

    def resume(self, at: datetime) -> None:
        """Note that the session is picked up again."""
        self._log.append(_line("resumed", clock.text(at)))

    def close(self, closing: Closing) -> None:
        """Keep the end; nothing follows."""
        self._log.append(_line("closing", closing.model_dump(mode="json")))

    def read(self) -> SessionLog:
        """Return what the journal tells, after cutting a torn last line off. Raises JournalBroken, StorageError."""
        with files.storing(self.path):
            lines = self._log.read()
        if lines.bad_line is not None:
            raise JournalBroken(str(self.path), lines.bad_line, "the line does not match its checksum")
        if lines.torn:
            self._log.cut(lines.good_bytes)
        return self._session_log(lines.payloads)

    def _session_log(self, payloads: tuple[str, ...]) -> SessionLog:
        head: Head | None = None
        closing: Closing | None = None
        turns: list[Turn] = []
        resumed = deaths = 0
        for number, payload in enumerate(payloads, start=1):
            try:
                entry = _entry(payload)
            except (ValueError, RecursionError) as unreadable:
                raise JournalBroken(str(self.path), number, str(unreadable)) from None
            if closing is not None or isinstance(entry, Head) != (number == 1):
                raise JournalBroken(str(self.path), number, "it cannot stand here")
            if isinstance(entry, Head):
                head = entry
            elif isinstance(entry, datetime):
                resumed, deaths = resumed + 1, deaths + 1
            elif head is None or entry.previous != (turns[-1] if turns else head).fingerprint():
                raise JournalBroken(str(self.path), number, "it does not follow what stands before it")
            elif isinstance(entry, Turn):
                turns.append(entry)
                deaths = 0
            else:
                closing = entry
        if head is None or head.session != self.session:
            raise JournalBroken(str(self.path), 1, f"there is no head of {self.session}")
        return SessionLog(head, tuple(turns), resumed, deaths, closing)


def _entry(payload: str) -> Head | Turn | Closing | datetime:
    """Return what a line tells; a time: somebody picked the session up. Raises ValueError."""
    line = json.loads(payload)
    if not isinstance(line, dict) or len(line) != 1:
        raise ValueError("expected one key")
    ((kind, content),) = line.items()
    if kind == "resumed":
        return clock.parse(str(content))
    if kind not in _KINDS:
        raise ValueError(f"no line can be a {kind!r}")
    return parse(_KINDS[kind], json.dumps(content))


def _line(kind: str, content: object) -> str:
    return json.dumps({kind: content}, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def numbers(folder: Path) -> frozenset[SessionId]:
    """Return every session that has a journal."""
    return _named(folder, "*.jsonl")


def used(folder: Path) -> frozenset[SessionId]:
    """Return every session that has a journal, or had one that was moved aside to `P002.jsonl.broken` or the like."""
    return _named(folder, "*.jsonl*")


def _named(folder: Path, pattern: str) -> frozenset[SessionId]:
    sessions = set()
    for path in folder.glob(pattern):
        try:
            sessions.add(SessionId(path.name.partition(".")[0]))
        except ValueError:  # not ours: people may keep notes beside journals
            continue
    return frozenset(sessions)
