"""Lets one process at a time fetch the same thing; the others wait, and find it there."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from sage_edge import locks
from sage_edge.errors import Locked
from sage_edge.models.download.ranges import AGAIN
from sage_edge.models.errors import ModelWorkInterrupted

_POLL_S = 0.5


@contextlib.contextmanager
def alone(lock: Path, what: str, stop: threading.Event, wait_s: float) -> Iterator[None]:
    """Hold a lock for the body; whoever has it may take as long as a download takes.

    what: the thing that is fetched, for people. Raises Locked after `wait_s`, ModelWorkInterrupted.
    """
    until = time.monotonic() + wait_s
    with contextlib.ExitStack() as held:
        while True:
            try:
                held.enter_context(locks.hold(lock, what, wait_s=min(_POLL_S, wait_s)))
                break
            except Locked:
                if stop.is_set():
                    raise ModelWorkInterrupted(f"waiting for {what} was interrupted", hint=AGAIN) from None
                if time.monotonic() >= until:
                    raise
        yield
