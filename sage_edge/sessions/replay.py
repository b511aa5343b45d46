"""Ask a session again: weights, settings, template and seeds as its transcript has them, and every reply compared.

    transcript ──► each question after the talk as it was kept ──► a reply ──► the same, or where it first differs

Each question follows what was kept, not what was drawn now, so a turn that differs does not spoil the ones after it.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, fields
from itertools import takewhile
from typing import Literal

from pydantic import TypeAdapter, ValidationError

from sage_edge.engines import Deadline, Draw, Engine, Reply, Settings, open_engine
from sage_edge.errors import UsageError
from sage_edge.models.resolve import Library, ResolvedModel
from sage_edge.records.transcript import Head, Transcript, Turn
from sage_edge.sanitize import one_line
from sage_edge.sessions import conversation
from sage_edge.sessions.errors import OtherWeights, SessionInterrupted

Sameness = Literal["same", "differs", "not-asked"]

TURN_S = 3600.0
"""How long one answer may take: a replay measures no speed, and a slow machine is to come to an end, too."""

_OTHER_RELEASE = "ask it again with the release that conducted it; its head names it"
_SETTINGS = TypeAdapter(Settings)
_UNASKED = {"failed": "no answer was kept", "interrupted": "it was cut off by a stop"}


@dataclass(frozen=True)
class ReplayedTurn:
    """One turn as it was kept and as it came now; reply is None where it was not asked, for which `why` is the reason.

    number: its place in the transcript, from 1.
    """

    number: int
    kept: Turn
    reply: Reply | None
    why: str = ""

    @property
    def kept_words(self) -> str:
        """What was kept, with what was thought before it."""
        return _words(self.kept.thinking, self.kept.reply)

    @property
    def drawn_words(self) -> str:
        """What came now, likewise; empty where nothing was asked."""
        return _words(self.reply.thinking, self.reply.text) if self.reply else ""

    @property
    def sameness(self) -> Sameness:
        """Whether the same words came, ended in the same way, of as many tokens. What a deadline cut is a beginning."""
        kept, reply = self.kept, self.reply
        if reply is None:
            return "not-asked"
        if kept.finish_reason == "deadline":
            return "same" if self.drawn_words.startswith(self.kept_words) else "differs"
        there = kept.finish_reason, kept.prompt_tokens, kept.completion_tokens
        here = reply.finish_reason, reply.prompt_tokens, reply.completion_tokens
        return "same" if there == here and self.kept_words == self.drawn_words else "differs"

    @property
    def first_difference(self) -> int | None:
        """How many characters are the same before the first that is not; None where all of them are."""
        if self.reply is None or self.kept_words == self.drawn_words:
            return None
        pairs = zip(self.kept_words, self.drawn_words, strict=False)
        return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))

    @property
    def logprob_difference(self) -> float | None:
        """By how much the mean log-probability of the drawn tokens differs, in nats."""
        if self.reply is None or self.reply.mean_logprob is None or self.kept.mean_logprob is None:
            return None
        return abs(self.reply.mean_logprob - self.kept.mean_logprob)


def _words(thinking: str | None, answer: str) -> str:
    return f"{thinking}\n{answer}" if thinking else answer


def settings_of(head: Head) -> Settings:
    """Return how the engine of a session was set up. Raises UsageError for settings that no engine has."""
    unknown = sorted(head.engine.settings.keys() - {field.name for field in fields(Settings)})
    try:
        settings = _SETTINGS.validate_json(json.dumps(head.engine.settings), strict=True)
    except ValidationError as wrong:
        unknown = unknown or [str(wrong.errors()[0]["loc"][0])]
    if unknown:
        raise UsageError(
            f"{head.session} was conducted under settings that no engine here has: {one_line(', '.join(unknown))}",
            hint=_OTHER_RELEASE,
        )
    return settings


def model_of(head: Head, library: Library, *, memory_bytes: int) -> ResolvedModel:
    """Return the weights that spoke in a session. Raises OtherWeights, and whatever resolving raises."""
    model = library.resolve(head.model.ref, memory_bytes=memory_bytes)
    if model.digest != head.model.digest:
        raise OtherWeights(head.session, head.model.ref, head.model.digest, model.digest)
    return model


def opened(head: Head, model: ResolvedModel) -> Engine:
    """Return the engine of a session, as it was set up, with the model loaded.

    Raises UnknownEngine, LibraryMissing, ModelUnusable, DigestMismatch, UsageError.
    """
    try:
        engine = open_engine(head.engine.name, settings_of(head))
    except ValueError as wrong:
        raise UsageError(
            f"{head.engine.name} does not take the options of {head.session}: {wrong}",
            hint=_OTHER_RELEASE,
        ) from None
    engine.load(model)
    return engine


def turns(paper: Transcript, engine: Engine, stop: threading.Event) -> Iterator[ReplayedTurn]:
    """Yield each turn once it was asked again. Raises EngineError, and SessionInterrupted at a stop request."""
    for number, kept in enumerate(paper.turns, start=1):
        if kept.outcome != "ok":
            yield ReplayedTurn(number, kept, None, _UNASKED[kept.outcome])
            continue
        talk = conversation.messages(paper.head.lesson, paper.turns[: number - 1], kept.step)
        reply = engine.reply(talk, Draw(paper.head.sampling, kept.seed), Deadline(TURN_S, stop))
        if reply.finish_reason == "cancelled":
            raise SessionInterrupted(paper.session)
        yield ReplayedTurn(number, kept, reply)
