"""What makes git bring to the disk what it writes: a line of `[core]` that had another name before git 2.36.

Ubuntu 22.04, on which the boards' images stand, has git 2.34, which knows nothing of `fsync`; a newer one warns of
`fsyncObjectFiles` at each command. Packs are written through by both without a word, refs by the new one alone.
"""

from __future__ import annotations

import functools
import re

from sage_edge.errors import CommandFailed
from sage_edge.shell import Command, attempt

_SINCE = (2, 36)
_VERSION = re.compile(r"git version (\d+)\.(\d+)")


@functools.cache
def lines() -> str:
    """Return the lines for the git of this machine; those of a new one where there is none that answers."""
    try:
        return of(attempt(Command(("git", "version"))).text)
    except CommandFailed:
        return of("")


def of(answer: str) -> str:
    """Return the lines for a git. answer: what `git version` says."""
    version = _VERSION.match(answer)
    if version and (int(version[1]), int(version[2])) < _SINCE:
        return "\tfsyncObjectFiles = true\n"
    return "\tfsync = all\n\tfsyncMethod = fsync\n"
