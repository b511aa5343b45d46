"""File locks (flock): one holder at a time, or several who share; freed by the kernel when a holder dies.

The lock is flock(2) on a file that stays; its content says who holds it, for the one who finds it taken.
It is held by the open file, not by the file's existence, so a reboot, a kill -9 or a removed container frees it.
Handles are close-on-exec: a program started under the lock does not keep it.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

from sage_edge import files
from sage_edge.errors import Locked, StorageError

_PAUSE_S = 0.02
_NOTE_BYTES = 65536
_GRACE_S = 2.0
"""How long a lock may outlive its holder: a child that was killed between its fork and its exec still has the file."""


@contextlib.contextmanager
def hold(path: Path, what: str, *, wait_s: float = 0.0, shared: bool = False) -> Iterator[None]:
    """Hold the lock for the body. Raises Locked when it is still taken after `wait_s`.

    shared: together with others who share it. A path that is a folder is locked itself, and no file is left in it.
    """
    if not path.is_dir():
        files.make_folder(path.parent)
    with files.storing(path):
        handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY if path.is_dir() else os.O_RDWR | os.O_CREAT, 0o644)
    try:
        _take(handle, fcntl.LOCK_SH if shared else fcntl.LOCK_EX, path, what, time.monotonic() + wait_s)
        _sign(handle, None if shared else what)
        yield
    finally:
        os.close(handle)


def _take(handle: int, kind: int, path: Path, what: str, until: float) -> None:
    while True:
        try:
            fcntl.flock(handle, kind | fcntl.LOCK_NB)
            return
        except OSError as taken:
            if taken.errno in files.UNSUPPORTED:
                raise StorageError(str(path), "its file system has no locks", hint=files.BETTER_PLACE) from taken
            if taken.errno not in (errno.EWOULDBLOCK, errno.EACCES):
                raise
        if time.monotonic() >= until and (_is_alive(path) or time.monotonic() >= until + _GRACE_S):
            raise Locked(what, _owner(path))
        time.sleep(_PAUSE_S)


def _sign(handle: int, what: str | None) -> None:
    """Write down who holds it; nothing for those who share it, since each would speak for all."""
    note = json.dumps({"pid": os.getpid(), "what": what, "since": int(time.time())}).encode() if what else b""
    with contextlib.suppress(OSError):  # the note only helps people; the lock is already ours on a full disk
        os.ftruncate(handle, 0)
        os.pwrite(handle, note, 0)


def _is_alive(path: Path) -> bool:
    """Whether the process that signed is still there; true when nobody can tell."""
    try:
        os.kill(json.loads(files.read(path, at_most=_NOTE_BYTES))["pid"], 0)
    except ProcessLookupError:
        return False
    except (OSError, ValueError, KeyError, TypeError):
        return True
    return True


def _owner(path: Path) -> str:
    try:
        note = json.loads(files.read(path, at_most=_NOTE_BYTES))
        return f"process {note['pid']} since {time.strftime('%Y-%m-%d %H:%M:%SZ', time.gmtime(note['since']))}"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process"
