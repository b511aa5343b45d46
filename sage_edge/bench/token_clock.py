"""The moments of one reply's tokens: every engine asks its deadline between tokens, so the deadline can note when.

asked ── batches of the prompt ──► first token ──► … ──► last token
         asks of the deadline          one more ask behind each token but one that ends at the limit
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

from sage_edge.engines import Deadline, Reply
from sage_edge.records.transcript import FinishReason

Seconds = Callable[[], float]


class TokenClock(Deadline):
    """A deadline that notes when it was asked. now: seconds by a clock that does not jump."""

    def __init__(self, seconds: float, stop: threading.Event | None = None, now: Seconds = time.monotonic) -> None:
        super().__init__(seconds, stop)
        self._now, self._began = now, now()
        self._asked: list[float] = []

    def passed(self) -> FinishReason | None:
        """As a deadline has it."""
        self._asked.append(self._now())
        return super().passed()

    def times(self, reply: Reply) -> TokenTimes | None:
        """Return the times of a reply that this deadline was given to; None where fewer than two tokens were heard."""
        behind = reply.completion_tokens - (reply.finish_reason == "length")
        heard = self._asked[len(self._asked) - behind :] if 2 <= behind <= len(self._asked) else []
        if not heard:
            return None
        return TokenTimes(heard[0] - self._began, tuple(later - earlier for earlier, later in pairwise(heard)))


@dataclass(frozen=True)
class TokenTimes:
    """Seconds to the first token, and between each two that followed."""

    first_s: float
    gaps_s: tuple[float, ...]

    @property
    def rate(self) -> float:
        """Tokens a second once the first has come."""
        return len(self.gaps_s) / sum(self.gaps_s)
