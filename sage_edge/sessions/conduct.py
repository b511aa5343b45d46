"""The runner: asks what is next, keeps the answer, and only then goes on.

    claim ──► ask ──► journal ──► ask … ──► closing ──► transcript
                │ engine error: outcome `failed`, the lesson goes on, two in a row end it
                └ stop request: outcome `interrupted`, Interrupted is raised, the next start resumes here

There is one runner for every track, role and intervention: the differences are in the lesson, which is data.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from sage_edge.clock import Clock
from sage_edge.engines import Deadline, Engine, Reply, Sampling
from sage_edge.errors import EngineError, ExitCode, SageError
from sage_edge.records.transcript import Closing, Outcome, Step, Transcript, Turn
from sage_edge.sessions import conversation
from sage_edge.sessions.journal import Journal, Story

_HOPELESS = 2
"""Failed turns in a row after which the engine is taken to be broken."""

_DEADLY = 3
"""How often a process may die over one question before the session goes on without it."""


class Interrupted(SageError):
    """A stop request ended the session for now."""

    code = ExitCode.INTERRUPTED

    def __init__(self, session: str) -> None:
        super().__init__(f"{session} was interrupted; its turns are kept", hint="the next start goes on with it")


class Audience(Protocol):
    """Whoever watches a session as it grows."""

    def asked(self, story: Story, step: Step) -> None: ...

    def answered(self, story: Story, turn: Turn) -> None: ...


@dataclass(frozen=True)
class Stage:
    """What a session needs besides its journal. `deadline_s`: seconds that one answer may take."""

    engine: Engine
    clock: Clock
    stop: threading.Event
    deadline_s: float
    audience: Audience | None = None


def conduct(journal: Journal, stage: Stage) -> Transcript:
    """Conduct a claimed session to its end, from wherever its journal stands. Raises Interrupted, StorageError."""
    story = journal.read()
    while story.closing is None:
        following = conversation.next_step(story.head.lesson, story.turns)
        if following is None or _hopeless(story):
            story = _closed(journal, story, stage.clock)
        elif stage.stop.is_set():
            raise Interrupted(story.head.session)
        else:
            story = _ask(journal, story, stage, *following)
    return story.transcript()


def give_up(journal: Journal, story: Story, clock: Clock) -> Transcript:
    """Close a session that cannot be continued with what it has."""
    return (story if story.closing is not None else _closed(journal, story, clock)).transcript()


def _ask(journal: Journal, story: Story, stage: Stage, step: int, attempt: int) -> Story:
    lesson = story.head.lesson
    if stage.audience:
        stage.audience.asked(story, lesson.steps[step])
    turn = _answer(story, stage, step, attempt)
    journal.turn(turn)
    story = replace(story, turns=(*story.turns, turn), deaths=0)
    if stage.audience:
        stage.audience.answered(story, turn)
    if turn.outcome == "interrupted":
        raise Interrupted(story.head.session)
    return story


def _answer(story: Story, stage: Stage, step: int, attempt: int) -> Turn:
    head = story.head
    seed = conversation.turn_seed(head.seed, step, attempt)
    asked = stage.clock.now()
    if story.deaths >= _DEADLY:
        return _lost(story, step, attempt, seed, asked, f"the process died {story.deaths} times while asking this")
    talk = conversation.messages(head.lesson, story.turns, step)
    sampling = Sampling(**head.sampling.model_dump(), seed=seed)
    error: str | None = None
    try:
        reply = stage.engine.reply(talk, sampling, Deadline(stage.deadline_s, stage.stop))
    except EngineError as failure:
        return _lost(story, step, attempt, seed, asked, failure.message)
    if not reply.text and reply.finish_reason != "cancelled":
        error = "the model ended without a word"
    return Turn(
        step=step, attempt=attempt, outcome=_outcome(reply, error), reply=reply.text,
        finish_reason=reply.finish_reason, error=error, prompt_tokens=reply.prompt_tokens,
        reused_tokens=reply.reused_tokens, completion_tokens=reply.completion_tokens, ttft_s=reply.ttft_s,
        duration_s=reply.duration_s, mean_logprob=reply.mean_logprob, seed=seed, asked=asked,
        previous=story.last_link,
    )  # fmt: skip


def _lost(story: Story, step: int, attempt: int, seed: int, asked: datetime, why: str) -> Turn:
    """The turn of a question to which no reply exists."""
    return Turn(
        step=step, attempt=attempt, outcome="failed", reply="", finish_reason=None, error=why, prompt_tokens=0,
        reused_tokens=0, completion_tokens=0, duration_s=0.0, seed=seed, asked=asked, previous=story.last_link,
    )  # fmt: skip


def _outcome(reply: Reply, error: str | None) -> Outcome:
    if reply.finish_reason == "cancelled":
        return "interrupted"
    return "failed" if error else "ok"


def _hopeless(story: Story) -> bool:
    last = story.turns[-_HOPELESS:]
    return len(last) == _HOPELESS and all(turn.outcome == "failed" for turn in last)


def _closed(journal: Journal, story: Story, clock: Clock) -> Story:
    closing = Closing(
        ending=conversation.ending(story.head.lesson, story.turns), ended=clock.now(), resumed=story.resumed,
        turns=len(story.turns), previous=story.last_link,
    )  # fmt: skip
    journal.close(closing)
    return replace(story, closing=closing)
