"""The one lock of the helper: flock(2) on a file, freed by the kernel when its holder ends, however it ends.

/srv/sage/deploy/work.guard          the helper that changes the board, and the programs that it started
/srv/sage/deploy/lock.guard          whoever reads and writes lock.json (host.lease)
/srv/sage/state/locks/session.lock   the running session (sage_edge.locks)
/srv/sage/models/in-use.lock         shared by whoever adds to the model store (sage_edge.models.store)
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from sage_edge.host.errors import Refusal

_PAUSE_S = 0.1


def _nothing() -> None:
    """Do nothing."""


@contextlib.contextmanager
def hold(
    path: Path,
    wait_s: float,
    busy: Refusal,
    *,
    shared: bool = False,
    mode: int = 0o600,
    inherited: bool = False,
    on_wait: Callable[[], None] = _nothing,
    check_cancelled: Callable[[], None] = _nothing,
) -> Iterator[None]:
    """Hold the lock for the body. Raises `busy` when it is still taken after `wait_s`.

    mode: of the file, where it is made. inherited: programs started meanwhile hold it, too, until they end.
    on_wait: called once when there is something to wait for; check_cancelled: called all the while, its errors end it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_CREAT, mode)
    try:
        os.set_inheritable(handle, inherited)
        if not _take(handle, shared):
            on_wait()
            _wait(handle, shared, time.monotonic() + wait_s, busy, check_cancelled)
        yield
    finally:
        os.close(handle)  # and no LOCK_UN, which would free it for programs that still run


def _wait(handle: int, shared: bool, until: float, busy: Refusal, check_cancelled: Callable[[], None]) -> None:
    while not _take(handle, shared):
        if time.monotonic() >= until:
            raise busy
        check_cancelled()
        time.sleep(_PAUSE_S)


def _take(handle: int, shared: bool) -> bool:
    try:
        fcntl.flock(handle, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except OSError as refusal:
        if refusal.errno not in (errno.EWOULDBLOCK, errno.EACCES):
            raise
        return False
    return True
