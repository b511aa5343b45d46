"""How often and how long a hub is asked again, and what is said when that is over."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from sage_edge import sizes
from sage_edge.clock import Clock
from sage_edge.models.download import hub_wait

WaitListener = Callable[[str], None]
"""Is told in one line why a wait that the hub asked for begins, and when it ends."""


class TransferBroken(Exception):
    """The transfer stopped, and the next attempt may do better.

    wait_s: what the server asked for, if it did; is_limit: because too much was asked of it.
    """

    def __init__(self, why: str, wait_s: float | None = None, *, is_limit: bool = False) -> None:
        self.wait_s, self.is_limit = wait_s, is_limit
        super().__init__(why)


@dataclass(frozen=True)
class RetryPolicy:
    """How often and how long to retry.

    Attempts are counted anew after each MiB that arrived; pauses double from the first on to the longest, but never end
    before the server wants to be asked. One that wants to be left alone for more than `most_s` is not asked again.
    """

    attempts: int = 6
    first_s: float = 0.5
    longest_s: float = 30.0
    most_s: float = hub_wait.MOST_S
    lock_s: float = 24 * 3600.0

    def pause_s(self, failures: int, asked_s: float | None = None) -> float:
        """Seconds before the next attempt, after that many failures (from 1)."""
        return max(min(self.longest_s, self.first_s * 2.0 ** (failures - 1)), asked_s or 0.0)

    def is_spent(self, failures: int, asked_s: float | None = None) -> bool:
        """Whether that many failures are enough, or the server asks for more time than anybody waits."""
        return failures >= self.attempts or (asked_s or 0.0) > self.most_s


def passing(status: int, headers: Mapping[str, str], clock: Clock) -> TransferBroken:
    """Return the trouble of a server that says that it cannot just now. headers: names in lower case."""
    asked = hub_wait.asked_s(headers, clock.now())
    wait = f" and asks to wait {sizes.duration(asked)}" if asked else ""
    return TransferBroken(f"it answers with status {status}{wait}", asked, is_limit=status == hub_wait.LIMITED)


def wait(trouble: TransferBroken, pause_s: float, clock: Clock, stop: threading.Event, tell: WaitListener) -> None:
    """Wait before the next attempt, or until `stop` is set; tell people of a wait that the server asked for."""
    if trouble.wait_s and pause_s >= 1:
        until = f"{clock.now() + timedelta(seconds=pause_s):%H:%M:%S} UTC (in {sizes.duration(pause_s)})"
        why = "rate limited by the hub" if trouble.is_limit else "the hub is busy"
        tell(f"{why}: going on at {until}")
    clock.wait(pause_s, stop)
