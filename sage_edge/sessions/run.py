"""Start the next session of a kind, or go on with the one that was cut off.

The number of a session is claimed by creating its journal; it follows from what this host has ever written
(transcripts and journals), never from a counter. One session runs at a time on a host; a dead runner's lock is free.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from sage_edge import files, locks
from sage_edge.errors import Unreachable
from sage_edge.hints import sage
from sage_edge.inventory.session_kinds import SessionKind
from sage_edge.names import SessionId
from sage_edge.records.transcript import Slot, Transcript
from sage_edge.sessions import archive, brief
from sage_edge.sessions.brief import SessionContext
from sage_edge.sessions.conduct import Audience, TurnContext, conduct, give_up
from sage_edge.sessions.journal import Journal, numbers, used


class Runner:
    """Conducts sessions of one host. make_context: loads model and engine; it is called only when there is work."""

    def __init__(
        self,
        journals: Path,
        lock: Path,
        make_context: Callable[[], SessionContext],
        papers: Path,
        stop: threading.Event,
        audience: Audience | None = None,
    ) -> None:
        self._journals, self._lock, self._papers = journals, lock, papers
        self._make_context, self._stop, self._audience = make_context, stop, audience
        self._context: SessionContext | None = None

    def unfinished(self) -> tuple[SessionId, ...]:
        """Return the sessions that were cut off, in the order in which they are finished."""
        return archive.unfinished(self._papers, numbers(self._journals))

    def last_number(self, kind: SessionKind) -> int:
        """Return the highest number that this host has ever claimed for a kind of session, 0 for none."""
        return archive.last_number(self._papers, used(self._journals), kind)

    def finish(self) -> tuple[Transcript, ...]:
        """Go on with every session that was cut off, and return their transcripts. Raises as `resume` does."""
        resumed = [self.resume(session) for session in self.unfinished()]
        return tuple(transcript for transcript in resumed if transcript is not None)

    def resume(self, session: SessionId) -> Transcript | None:
        """Finish one session; None if somebody else did meanwhile. Raises Locked, SessionInterrupted, JournalBroken."""
        with locks.hold(self._lock, "the session runner"):
            files.sweep(self._journals)
            return self._resume(session) if session in self.unfinished() else None

    def start(self, kind: SessionKind, slot: Slot | None) -> Transcript:
        """Conduct a new session of a kind. Raises Locked, SessionInterrupted, Unreachable."""
        with locks.hold(self._lock, "the session runner"):
            files.sweep(self._journals)
            context = self.context()
            journal = claim_next(context, self._journals, kind, slot)
            return self._conduct(journal, context)

    def context(self) -> SessionContext:
        """The context, made at the first call."""
        if self._context is None:
            self._context = self._make_context()
        return self._context

    def _resume(self, session: SessionId) -> Transcript:
        journal = Journal(self._journals, session)
        log = journal.read()
        context = self.context()
        if log.closing is None and log.head.model.digest != context.model.digest:
            # another model must not put words into this one's mouth: close with what is there
            return self._keep(give_up(journal, log, context.clock), context)
        if log.closing is None:
            journal.resume(context.clock.now())
        return self._conduct(journal, context)

    def _conduct(self, journal: Journal, context: SessionContext) -> Transcript:
        deadline = context.me.host.turn_deadline
        if deadline is None:
            raise RuntimeError("a host that may conduct is declared with a turn deadline")
        turn_context = TurnContext(context.engine, context.clock, self._stop, deadline.total_seconds(), self._audience)
        return self._keep(conduct(journal, turn_context), context)

    def _keep(self, transcript: Transcript, context: SessionContext) -> Transcript:
        context.post.put(transcript)
        return transcript


def claim_next(context: SessionContext, journals: Path, kind: SessionKind, slot: Slot | None) -> Journal:
    """Claim the next free number of a kind, and return its journal. Raises Unreachable, StorageError."""
    if not context.post.known():
        raise Unreachable(
            "this host does not know yet which sessions it has already published, so it cannot number a new one",
            hint=("reach the exchange once, then start again: ", sage("agent once")),
        )
    while True:
        number = archive.last_number(context.papers, used(journals), kind) + 1
        session = SessionId.of(kind.letter, number)
        journal = Journal(journals, session)
        try:
            journal.claim(brief.head(context, session, slot))
        except FileExistsError:
            continue  # somebody was faster: the number is theirs
        return journal
