"""What it means to a person that the system refuses to write, to open or to go on: in words, and what helps.

One table for all who meet such a refusal: `files.storing`, the output, what no room has foreseen (`cli/mishap`), and
other programs, whose words name the same refusals.
"""

from __future__ import annotations

import errno
import os
import resource
from collections.abc import Mapping
from pathlib import Path

from sage_edge import sizes
from sage_edge.hints import quoted

ELSEWHERE = "name another place, or move away what lies there"
_RIGHTS = "look at its owner and its rights: ls -ld PATH"
_LIMITED = (
    "raise that limit (ulimit -f unlimited; of a service: LimitFSIZE=infinity), then start again: nothing is lost"
)
_NEXT: Mapping[int, str] = {
    errno.EACCES: _RIGHTS,
    errno.EPERM: _RIGHTS,
    errno.ENOSPC: "make room (df -h PATH; df -i PATH), then start again: nothing is lost",
    errno.EDQUOT: "free some of your quota (quota -s) or have it raised, then start again: nothing is lost",
    errno.EFBIG: "name a place on a file system that takes larger files, as ext4 and xfs do, then start again",
    errno.EROFS: "mount it for writing, or name a place that can be written",
    errno.EIO: "the disk or the device fails: look into dmesg, and save elsewhere what is on it",
    errno.ENAMETOOLONG: "name a shorter path",
    errno.ENOENT: "look whether its folder is there: ls -ld PATH",
    errno.ENOTDIR: ELSEWHERE,
    errno.EISDIR: ELSEWHERE,
    errno.EEXIST: ELSEWHERE,
    errno.ENOTEMPTY: ELSEWHERE,
    errno.ELOOP: ELSEWHERE,
    errno.EMFILE: "allow more open files: ulimit -n 4096",
    errno.ENFILE: "allow more open files: ulimit -n 4096",
    errno.ENOMEM: "end what else needs memory, then start again",
}

OF_WRITING = frozenset((errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO))
"""What only whoever writes is told, whatever else is wrong with a path."""


def words(number: int) -> str:
    """Return what a refusal says, with the limit that it speaks of."""
    return ": ".join((os.strerror(number), *(_limits() if number == errno.EFBIG else ())))


def next_step(number: int, path: str = "") -> str | None:
    """Return what can help against a refusal; None for a number that nobody knows. path: what was refused, if known."""
    step = _LIMITED if number == errno.EFBIG and _largest() is not None else _NEXT.get(number)
    if step is None or path:
        return step and step.replace("PATH", quoted(_present(path)))
    return None if step.endswith("PATH") else step.replace(" PATH", "")


def number_in(text: str) -> int | None:
    """Return which refusal to write another program's words speak of, if any."""
    return next((number for number in sorted(OF_WRITING) if os.strerror(number) in text), None)


def _limits() -> tuple[str]:
    most = _largest()
    return ("its file system takes none as large" if most is None else f"{most} is allowed (ulimit -f)",)


def _largest() -> str | None:
    """The size that no file of this process may exceed; None where nobody has set one."""
    soft, _ = resource.getrlimit(resource.RLIMIT_FSIZE)
    return None if soft == resource.RLIM_INFINITY else sizes.text(soft)


def _present(path: str) -> str:
    """The path, or what of it there is: a person can look at nothing else."""
    here = Path(path)
    return str(next((place for place in (here, *here.parents) if os.path.lexists(place)), here))
