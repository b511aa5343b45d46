"""An engine at work, timed: the first token after prompts of some lengths, cold and warm, then token after token.

A cold prompt shares nothing with the one before it but what the template begins with; a warm one is the same again. How
many tokens were reused is what the engine says. A length is met by counting words: the first two questions show how
many tokens a word has.
"""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from sage_edge.bench.token_clock import Seconds, TokenClock, TokenTimes
from sage_edge.engines import Draw, Engine, Message, Reply, Sampling
from sage_edge.engines.errors import ContextOverflow

PATIENCE_S = 3600.0
_FEW, _MORE = 8, 72
_SYLLABLES = ("ba", "do", "fi", "ku", "la", "me", "no", "pi", "ra", "so", "tu", "ve", "wa", "yo", "zi", "ge")
_GREEDY = {"temperature": 0.0, "top_p": 1.0, "top_k": 1, "min_p": 0.0, "repeat_penalty": 1.0}

PromptKind = Literal["cold", "warm"]


@dataclass(frozen=True)
class FirstToken:
    """One prompt. tokens: its length; reused: how many of them were known; seconds: until the first token."""

    kind: PromptKind
    wanted: int
    tokens: int
    reused: int
    seconds: float


@dataclass
class Heard:
    """What an engine was heard to do."""

    firsts: list[FirstToken] = field(default_factory=list)
    rounds: list[TokenTimes] = field(default_factory=list)
    endings: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class SpeakingPlan:
    """What is asked. prompts: lengths in tokens; rounds: how often each; tokens: how many are drawn each time."""

    prompts: tuple[int, ...]
    rounds: int
    tokens: int


class Speaker:
    """Asks an engine that is loaded. now: seconds by a clock that does not jump; stop: ends it between tokens."""

    def __init__(self, engine: Engine, stop: threading.Event, now: Seconds = time.monotonic, seed: int = 1) -> None:
        self._engine, self._stop, self._now = engine, stop, now
        self._dice = random.Random(seed)  # noqa: S311 - words for prompts

    def hear(self, plan: SpeakingPlan) -> Heard:
        """Ask all that is planned. Prompts for which the context has no room are left out. Raises EngineError."""
        heard = Heard()
        fixed, each = self._measured_words(plan.tokens)
        for wanted in plan.prompts:
            words = max(1, round((wanted - fixed) / each))
            for _ in range(plan.rounds):
                try:
                    self._pair(heard, wanted, words, plan.tokens)
                except ContextOverflow:
                    return heard
        return heard

    def _pair(self, heard: Heard, wanted: int, words: int, tokens: int) -> None:
        """The same prompt twice: the first time cold, then warm."""
        text = self._text(words)
        kinds: tuple[PromptKind, ...] = ("cold", "warm")
        for kind in kinds:
            reply, times = self._ask(text, tokens)
            heard.endings[reply.finish_reason] += 1
            if times is not None:
                heard.firsts.append(FirstToken(kind, wanted, reply.prompt_tokens, reply.reused_tokens, times.first_s))
                heard.rounds.append(times)

    def _measured_words(self, tokens: int) -> tuple[float, float]:
        """Tokens that every prompt has, and tokens a word."""
        few, _ = self._ask(self._text(_FEW), min(2, tokens))
        more, _ = self._ask(self._text(_MORE), min(2, tokens))
        each = max(0.1, (more.prompt_tokens - few.prompt_tokens) / (_MORE - _FEW))
        return few.prompt_tokens - each * _FEW, each

    def _ask(self, text: str, tokens: int) -> tuple[Reply, TokenTimes | None]:
        draw = Draw(Sampling.model_validate({**_GREEDY, "max_tokens": tokens}), seed=1)
        clock = TokenClock(PATIENCE_S, self._stop, self._now)
        reply = self._engine.reply(_talk(text), draw, clock)
        if reply.finish_reason == "cancelled":
            raise KeyboardInterrupt
        return reply, clock.times(reply)

    def _text(self, words: int) -> str:
        """Words that no prompt before began with."""
        return " ".join(_word(self._dice) for _ in range(words))


def _word(dice: random.Random) -> str:
    return "".join(dice.choices(_SYLLABLES, k=2))


def _talk(text: str) -> Sequence[Message]:
    return (Message("system", text), Message("user", "Go on."))


def lengths(firsts: Sequence[FirstToken]) -> Iterator[tuple[PromptKind, int, Sequence[FirstToken]]]:
    """Yield what was heard by kind and length, in the order in which it was asked."""
    for kind, wanted in dict.fromkeys((first.kind, first.wanted) for first in firsts):
        yield kind, wanted, [first for first in firsts if (first.kind, first.wanted) == (kind, wanted)]
