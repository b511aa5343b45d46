"""What every engine can do, and the words it is done with."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Literal, Protocol

from sage_edge.models.resolve import ResolvedModel
from sage_edge.records.transcript import FinishReason


@dataclass(frozen=True)
class Message:
    """One utterance of a conversation. The first message of a conversation is always the system's."""

    role: Literal["system", "user", "assistant"]
    text: str


@dataclass(frozen=True)
class Sampling:
    """How tokens are drawn for one reply; temperature 0 is greedy. Never an engine's own default.

    schema: a JSON schema, as text, that a whole reply must hold to; a reply that was cut off may not be JSON at all.
    """

    temperature: float
    top_p: float
    top_k: int
    min_p: float
    repeat_penalty: float
    max_tokens: int
    seed: int
    schema: str | None = None


@dataclass(frozen=True)
class Settings:
    """How an engine is set up: context and batch in tokens, CPU threads (None: all), layers on the GPU (-1: all)."""

    context_tokens: int
    batch_tokens: int
    threads: int | None
    gpu_layers: int

    def as_json(self) -> Mapping[str, int | None]:
        """What a transcript records."""
        return asdict(self)


@dataclass(frozen=True)
class Reply:
    """An answer and what it cost. Times in seconds; mean_logprob is the mean natural logarithm of the
    probability that the model (before sampling) gave to each token drawn; None when no token was."""

    text: str
    finish_reason: FinishReason
    prompt_tokens: int
    reused_tokens: int
    completion_tokens: int
    ttft_s: float | None
    duration_s: float
    mean_logprob: float | None


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
        """Make ready, checking the digest first. Raises DigestMismatch, ModelUnusable, EngineMissing."""

    def reply(self, messages: Sequence[Message], sampling: Sampling, deadline: Deadline) -> Reply:
        """Return the next assistant message. Raises EngineError; a deadline is no error but a finish reason."""

    def close(self) -> None:
        """Free what `load` took; harmless when called twice."""
