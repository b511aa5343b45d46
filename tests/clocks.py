"""A double of a board's own clock: it is set, started anew and kept in step, or not, as a test says."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

from sage_edge.clock import ClockReading, TimeSource
from tests.fakes import MORNING


class BoardClock:
    """What a board's kernel would say. `true`: the right time, which only a clock that is kept in step shows."""

    source: TimeSource = "system"
    floor: datetime | None = None

    def __init__(self, true: datetime = MORNING, *, is_kept: bool | None = True) -> None:
        self.true, self.error, self.is_kept = true, timedelta(0), is_kept
        self.starts, self.awake_s = 1, 100.0
        self.on_wait: Callable[[], None] = lambda: None

    def now(self) -> datetime:
        moment = self.true.replace(tzinfo=None)
        wrong = min(max(self.error, datetime.min - moment), datetime.max - moment)
        return (moment + wrong).replace(tzinfo=self.true.tzinfo)

    def read(self) -> ClockReading:
        return ClockReading(self.now(), self.is_kept, f"start-{self.starts}", self.awake_s)

    def wait(self, seconds: float, stop: threading.Event) -> None:
        """Let time pass."""
        self.true += timedelta(seconds=seconds)
        self.awake_s += seconds
        self.on_wait()

    def set(self, to: datetime, *, is_kept: bool | None = False) -> None:
        """Let somebody set it."""
        self.error, self.is_kept = to - self.true, is_kept

    def synchronise(self) -> None:
        """Let the network set it right."""
        self.error, self.is_kept = timedelta(0), True

    def restart(self) -> None:
        """Start the machine anew: nothing keeps its clock yet."""
        self.starts, self.awake_s, self.is_kept = self.starts + 1, 1.0, False
