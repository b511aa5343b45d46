"""One request at a time to the server; so many wait, in the order in which they came; the others come again later."""

from __future__ import annotations

import asyncio
import contextlib
import math
import time
from collections.abc import AsyncIterator

from sage_edge.serve.api_error import ApiError

_LONGEST_S = 120
"""The latest time for which anybody is told to come again."""


class Turnstile:
    """Counts who is in and who waits. places: how many may wait while one is served; wait_s: for how long at most."""

    def __init__(self, places: int, wait_s: float) -> None:
        self.places, self.wait_s = places, wait_s
        self.inside = 0
        self._lock = asyncio.Lock()
        self._usual_s = 1.0

    @property
    def waiting(self) -> int:
        """How many wait."""
        return max(0, self.inside - self._lock.locked())

    @property
    def retry_after_s(self) -> int:
        """After how many whole seconds somebody who is turned away may find a place."""
        return min(_LONGEST_S, max(1, math.ceil(self._usual_s)))

    def enter(self) -> None:
        """Take a place, which `turn` gives back. Raises ApiError 429 where none is free."""
        if self.inside > self.places:
            message = f"{self.inside} requests are before you; the queue holds {self.places}"
            raise ApiError(429, "queue_full", message, retry_after_s=self.retry_after_s)
        self.inside += 1

    @contextlib.asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for one's turn, and have it; the place that `enter` took is free afterwards. Raises ApiError 503."""
        try:
            try:
                await asyncio.wait_for(self._lock.acquire(), self.wait_s)
            except asyncio.TimeoutError:
                message = f"no turn within {self.wait_s:g} s"
                raise ApiError(503, "queue_timeout", message, retry_after_s=self.retry_after_s) from None
            begun = time.monotonic()
            try:
                yield
            finally:
                self._usual_s += 0.2 * (time.monotonic() - begun - self._usual_s)
                self._lock.release()
        finally:
            self.inside -= 1
