"""The protocol that every engine fulfils, and the values it takes and returns."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Literal, Protocol

from pydantic import JsonValue

from sage_edge.declared import Declared
from sage_edge.engines.errors import ContextOverflow, ModelUnusable, NoSeed
from sage_edge.models.resolve import ResolvedModel
from sage_edge.records.transcript import FinishReason
from sage_edge.sampling import ANY_SEED, Sampling


@dataclass(frozen=True)
class Message:
    """One utterance of a conversation. The first message of a conversation is always the system's."""

    role: Literal["system", "user", "assistant"]
    text: str


@dataclass(frozen=True)
class Draw:
    """How one reply is drawn.

    seed: 32 bits, but not ANY_SEED. schema: a JSON schema, as text, that a whole reply must hold to in its shape; not
    every engine hears the bounds of a number, so whoever asks checks the values. A reply that was cut off may not be
    JSON at all. Raises NoSeed.
    """

    sampling: Sampling
    seed: int
    schema: str | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.seed < ANY_SEED:
            raise NoSeed(self.seed)


@dataclass(frozen=True)
class Settings:
    """How an engine is set up: context and batch in tokens, CPU threads (None: all), layers on the GPU (-1: all).

    options: what only its kind knows.
    """

    context_tokens: int
    batch_tokens: int
    threads: int | None
    gpu_layers: int
    options: Mapping[str, JsonValue] = field(default_factory=dict)

    def as_json(self) -> dict[str, JsonValue]:
        """Return what a transcript records; options only where there are any."""
        recorded = asdict(self)
        return recorded if self.options else {key: value for key, value in recorded.items() if key != "options"}


def require_context(model: ResolvedModel, settings: Settings) -> None:
    """Raise ModelUnusable where more context is declared than a model has."""
    if settings.context_tokens > model.context_tokens:
        raise ModelUnusable(
            f"{model.ref} holds {model.context_tokens} tokens, {settings.context_tokens} are declared",
            hint=f"set engine.context_tokens to at most {model.context_tokens} in the host's file",
        )


def require_room(prompt_tokens: int, draw: Draw, settings: Settings) -> None:
    """Raise ContextOverflow where a prompt and the longest reply to it do not fit."""
    if (needs := prompt_tokens + draw.sampling.max_tokens) > settings.context_tokens:
        raise ContextOverflow(needs, settings.context_tokens)


@dataclass(frozen=True)
class Reply:
    """An answer and what it cost. Times in seconds; mean_logprob is the mean natural logarithm of the
    probability that the model (before sampling) gave to each token drawn; None when no token was.

    thinking: what the model thought before it answered, no part of `text`; None for nothing.
    dropped_tokens: how many of those drawn hold bytes that belong to no whole character, which `text` leaves out.
    """

    text: str
    finish_reason: FinishReason
    prompt_tokens: int
    reused_tokens: int
    completion_tokens: int
    ttft_s: float | None
    duration_s: float
    mean_logprob: float | None
    thinking: str | None = None
    dropped_tokens: int = 0


class Deadline:
    """When to give up: after `seconds`, or as soon as `stop` is set. Engines ask it between tokens."""

    def __init__(self, seconds: float, stop: threading.Event | None = None) -> None:
        self._until, self._stop = time.monotonic() + seconds, stop

    def passed(self) -> FinishReason | None:
        """Return why generation has to end now, or None."""
        if self._stop is not None and self._stop.is_set():
            return "cancelled"
        return "deadline" if time.monotonic() >= self._until else None


class Engine(Protocol):
    """Answers conversations with one model. Not thread-safe; one conversation at a time is remembered."""

    name: str
    version: str

    def load(self, model: ResolvedModel) -> None:
        """Make ready, checking the digest first. Raises DigestMismatch, ModelUnusable."""

    def reply(self, messages: Sequence[Message], draw: Draw, deadline: Deadline) -> Reply:
        """Return the next assistant message. Raises EngineError; a deadline is no error but a finish reason."""

    def close(self) -> None:
        """Free what `load` took; harmless when called twice."""


class NoOptions(Declared):
    """A kind of engine that needs no more than the common settings."""


@dataclass(frozen=True)
class EngineKind:
    """One kind of engine, as a host declares it in `engine.kind`.

    options: the model that checks the host's `engine.options`. open: makes an engine of it, not yet loaded; whatever
    library it needs is imported there. extra: the part of this package that installs that library.
    """

    name: str
    open: Callable[[Settings], Engine]
    options: type[Declared] = NoOptions
    extra: str | None = None
