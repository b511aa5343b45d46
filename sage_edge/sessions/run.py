"""Start the next session of a track, or go on with the one that was cut off.

The number of a session is claimed by creating its journal; it follows from what this host has ever written
(transcripts and journals), never from a counter. One session runs at a time on a host; a dead runner's lock is free.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from sage_edge import files, locks
from sage_edge.errors import Unreachable
from sage_edge.names import SessionId, Track
from sage_edge.records.transcript import Slot, Transcript
from sage_edge.sessions import archive, brief
from sage_edge.sessions.brief import Bench
from sage_edge.sessions.conduct import Audience, Stage, conduct, give_up
from sage_edge.sessions.journal import Journal, numbers


class Runner:
    """Conducts sessions of one host. `sit_down` makes the bench: it is called only when there is work."""

    def __init__(
        self, journals: Path, lock: Path, sit_down: Callable[[], Bench], papers: Path,
        stop: threading.Event, audience: Audience | None = None,
    ) -> None:  # fmt: skip
        self._journals, self._lock, self._papers = journals, lock, papers
        self._sit_down, self._stop, self._audience = sit_down, stop, audience
        self._bench: Bench | None = None

    def finish(self) -> tuple[Transcript, ...]:
        """Go on with every session that was cut off, and return their transcripts. Raises Locked, Interrupted."""
        if not archive.unfinished(self._papers, numbers(self._journals)):
            return ()
        with locks.hold(self._lock, "the session runner"):
            files.sweep(self._journals)
            left = archive.unfinished(self._papers, numbers(self._journals))
            return tuple(self._resume(session) for session in left)

    def start(self, track: Track, slot: Slot | None) -> Transcript:
        """Conduct a new session of a track. Raises Locked, Interrupted, Unreachable (no number without the past)."""
        with locks.hold(self._lock, "the session runner"):
            files.sweep(self._journals)
            bench = self.bench()
            journal = claim_next(bench, self._journals, track, slot)
            return self._conduct(journal, bench)

    def bench(self) -> Bench:
        """The bench, made at the first call."""
        if self._bench is None:
            self._bench = self._sit_down()
        return self._bench

    def _resume(self, session: SessionId) -> Transcript:
        journal = Journal(self._journals, session)
        story = journal.read()
        bench = self.bench()
        if story.closing is None and story.head.model.digest != bench.model.digest:
            # another model must not put words into this one's mouth: close with what is there
            return self._keep(give_up(journal, story, bench.clock), bench)
        if story.closing is None:
            journal.resume(bench.clock.now())
        return self._conduct(journal, bench)

    def _conduct(self, journal: Journal, bench: Bench) -> Transcript:
        deadline = bench.me.host.turn_deadline
        if deadline is None:
            raise RuntimeError("a host that may conduct is declared with a turn deadline")
        stage = Stage(bench.engine, bench.clock, self._stop, deadline.total_seconds(), self._audience)
        return self._keep(conduct(journal, stage), bench)

    def _keep(self, transcript: Transcript, bench: Bench) -> Transcript:
        bench.post.put(transcript)
        return transcript


def claim_next(bench: Bench, journals: Path, track: Track, slot: Slot | None) -> Journal:
    """Claim the next free number of a track, and return its journal. Raises Unreachable, StorageError."""
    if not bench.post.known():
        raise Unreachable(
            "this host does not know yet which sessions it has already published, so it cannot number a new one",
            hint="reach the exchange once, then start again: sage-edge agent once",
        )
    while True:
        number = archive.last_number(bench.papers, numbers(journals), track) + 1
        session = SessionId.of(track, number)
        journal = Journal(journals, session)
        try:
            journal.claim(brief.head(bench, session, slot))
        except FileExistsError:
            continue  # somebody was faster: the number is theirs
        return journal
