"""Conduct a claimed session: ask what is next, keep the answer in the journal, and only then go on.

    claim ──► ask ──► journal ──► ask … ──► closing ──► transcript
                │ engine error: outcome `failed`, the lesson goes on, two in a row end it
                └ stop request: outcome `interrupted`, SessionInterrupted is raised, the next start resumes here

There is one way for every kind, role and intervention: the differences are in the lesson, which is data.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from sage_edge.clock import Clock
from sage_edge.engines import Deadline, Draw, Engine, Reply
from sage_edge.engines.errors import EngineError
from sage_edge.records.transcript import Closing, Outcome, Step, Transcript, Turn
from sage_edge.sessions import conversation
from sage_edge.sessions.errors import SessionInterrupted
from sage_edge.sessions.journal import Journal, SessionLog

_HOPELESS = 2
"""Failed turns in a row after which the engine is taken to be broken."""

_ONLY_THOUGHT = "the model thought, and ended before it answered"

_DEADLY = 3
"""How often a process may die over one question before the session goes on without it."""


class Audience(Protocol):
    """Called before each question and after each answer of a session."""

    def asked(self, log: SessionLog, step: Step) -> None: ...

    def answered(self, log: SessionLog, turn: Turn) -> None: ...


@dataclass(frozen=True)
class TurnContext:
    """What asking needs besides the journal. deadline_s: seconds that one answer may take."""

    engine: Engine
    clock: Clock
    stop: threading.Event
    deadline_s: float
    audience: Audience | None = None


def conduct(journal: Journal, context: TurnContext) -> Transcript:
    """Conduct a claimed session to its end, from wherever its journal stands.

    Raises SessionInterrupted, StorageError.
    """
    log = journal.read()
    while log.closing is None:
        following = conversation.next_step(log.head.lesson, log.turns)
        if following is None or _hopeless(log):
            log = _closed(journal, log, context.clock)
        elif context.stop.is_set():
            raise SessionInterrupted(log.head.session)
        else:
            log = _ask(journal, log, context, *following)
    return log.transcript()


def give_up(journal: Journal, log: SessionLog, clock: Clock) -> Transcript:
    """Close a session that cannot be continued with what it has."""
    return (log if log.closing is not None else _closed(journal, log, clock)).transcript()


def _ask(journal: Journal, log: SessionLog, context: TurnContext, step: int, attempt: int) -> SessionLog:
    lesson = log.head.lesson
    if context.audience:
        context.audience.asked(log, lesson.steps[step])
    turn = _answer(log, context, step, attempt)
    journal.turn(turn)
    log = replace(log, turns=(*log.turns, turn), deaths=0)
    if context.audience:
        context.audience.answered(log, turn)
    if turn.outcome == "interrupted":
        raise SessionInterrupted(log.head.session)
    return log


def _answer(log: SessionLog, context: TurnContext, step: int, attempt: int) -> Turn:
    head = log.head
    seed = conversation.turn_seed(head.seed, step, attempt)
    asked = context.clock.now()
    if log.deaths >= _DEADLY:
        return _lost(log, step, attempt, seed, asked, f"the process died {log.deaths} times while asking this")
    talk = conversation.messages(head.lesson, log.turns, step)
    draw = Draw(head.sampling, seed)
    error: str | None = None
    try:
        reply = context.engine.reply(talk, draw, Deadline(context.deadline_s, context.stop))
    except EngineError as failure:
        return _lost(log, step, attempt, seed, asked, failure.message)
    if not reply.text and reply.finish_reason != "cancelled":
        error = "the model ended without a word" if not reply.thinking else _ONLY_THOUGHT
    return Turn(
        step=step,
        attempt=attempt,
        outcome=_outcome(reply, error),
        reply=reply.text,
        finish_reason=reply.finish_reason,
        error=error,
        prompt_tokens=reply.prompt_tokens,
        reused_tokens=reply.reused_tokens,
        completion_tokens=reply.completion_tokens,
        ttft_s=reply.ttft_s,
        duration_s=reply.duration_s,
        mean_logprob=reply.mean_logprob,
        seed=seed,
        asked=asked,
        previous=log.last_link,
        thinking=reply.thinking,
        dropped_tokens=reply.dropped_tokens or None,
    )


def _lost(log: SessionLog, step: int, attempt: int, seed: int, asked: datetime, why: str) -> Turn:
    """Return the turn of a question to which no reply exists."""
    return Turn(
        step=step,
        attempt=attempt,
        outcome="failed",
        reply="",
        finish_reason=None,
        error=why,
        prompt_tokens=0,
        reused_tokens=0,
        completion_tokens=0,
        duration_s=0.0,
        seed=seed,
        asked=asked,
        previous=log.last_link,
    )


def _outcome(reply: Reply, error: str | None) -> Outcome:
    if reply.finish_reason == "cancelled":
        return "interrupted"
    return "failed" if error else "ok"


def _hopeless(log: SessionLog) -> bool:
    last = log.turns[-_HOPELESS:]
    return len(last) == _HOPELESS and all(turn.outcome == "failed" for turn in last)


def _closed(journal: Journal, log: SessionLog, clock: Clock) -> SessionLog:
    closing = Closing(
        ending=conversation.ending(log.head.lesson, log.turns),
        ended=clock.now(),
        resumed=log.resumed,
        turns=len(log.turns),
        previous=log.last_link,
    )
    journal.close(closing)
    return replace(log, closing=closing)
