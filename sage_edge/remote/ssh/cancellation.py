"""Cancel work that is spread over threads: only the main thread gets Ctrl-C, so it has to ask the others.

A thread that works for `fleet_runner.over` looks here at least twice a second while it waits for a host, and then
leaves by KeyboardInterrupt as the main thread would: once, so that what it still has to do on its way out can be done.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from contextvars import ContextVar

LOOK_S = 0.5
"""How long a wait may be between two looks."""


class Stop:
    """Whether the threads of one piece of work are asked to stop."""

    def __init__(self) -> None:
        self._asked = threading.Event()

    @property
    def is_asked(self) -> bool:
        return self._asked.is_set()

    def ask(self) -> None:
        """Ask every thread that runs in its scope."""
        self._asked.set()

    @contextlib.contextmanager
    def scope(self) -> Iterator[None]:
        """Let `check_cancelled` look at it in this thread during the body."""
        before = _ACTIVE.set(self)
        try:
            yield
        finally:
            _ACTIVE.reset(before)


_ACTIVE: ContextVar[Stop | None] = ContextVar("stop", default=None)


def check_cancelled() -> None:
    """Raise KeyboardInterrupt if this thread is asked to stop and was not told before."""
    stop = _ACTIVE.get()
    if stop is not None and stop.is_asked:
        _ACTIVE.set(None)
        raise KeyboardInterrupt
