"""One helper at a time changes this board, and what a killed one started still counts as itself.

/srv/sage/deploy/work.guard    empty; its flock is held by the helper that works, and by the programs that it started

The deploy lock (`lease`) says which person may change the board; this says which process does. Timer and boot hold no
deploy lock, and a workstation that died leaves a helper that still works.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from sage_edge.host.errors import HOST, ExitCode, Refusal, invoke

_PAUSE_S = 0.1


@contextlib.contextmanager
def alone(path: Path, wait_s: float, log: Callable[[str], None]) -> Iterator[None]:
    """Wait for whoever works on the board, and keep others waiting during the body. Raises Refusal, exit 5."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    # children inherit it (machine.run): a `docker compose` that outlives a killed helper keeps the next one waiting
    os.set_inheritable(handle, True)
    try:
        _take(handle, time.monotonic() + wait_s, log)
        yield
    finally:
        os.close(handle)  # and no LOCK_UN, which would free it for children that still run


def _take(handle: int, until: float, log: Callable[[str], None]) -> None:
    told = False
    while True:
        try:
            return fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            if time.monotonic() >= until:
                raise Refusal(
                    "busy", "the board still does what an earlier call began",
                    "wait, then the same again; what it does: ", invoke("status", host=HOST), code=ExitCode.LOCKED,
                ) from None  # fmt: skip
        if not told:
            log("the board still does what an earlier call began; waiting for its end")
            told = True
        time.sleep(_PAUSE_S)
