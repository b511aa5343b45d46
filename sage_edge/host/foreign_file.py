"""Read what a container has written, as root: a pipe, a link or a long file there may neither hold up nor lead away."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import NamedTuple


class ForeignFile(NamedTuple):
    """The beginning of a file, and the status of that very file."""

    content: bytes
    status: os.stat_result


def read(path: Path, at_most: int) -> ForeignFile:
    """Return up to `at_most` bytes of a plain file. Raises OSError, also for what is none."""
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(handle, "rb") as stream:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            raise OSError(f"{path} is no plain file")
        return ForeignFile(stream.read(at_most), status)
