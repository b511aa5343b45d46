"""A mark that a command prints before its own first byte, so that what a login shell prints before it is known as such.

sshd hands every command to the account's login shell, and that reads its start files first: what they print, a forced
command or a shell that lets nobody in comes where an answer should. The mark is drawn anew for each command, and stands
in it as two halves, so that a shell which repeats what it was told does not print the mark.
"""

from __future__ import annotations

import secrets

from sage_edge import sanitize

MOST_NOISE_BYTES = 1 << 20
"""Of what comes before the mark; a shell that prints more never comes to an end."""

_QUOTED = 300


class BeginMark:
    """Tells apart what comes before the mark of one command and what comes behind, on one of its streams at a time."""

    def __init__(self) -> None:
        self._halves = (secrets.token_hex(12), secrets.token_hex(12))

    @property
    def line(self) -> bytes:
        """What the command prints before all else."""
        return "".join(self._halves).encode() + b"\n"

    def script(self, script: str) -> str:
        """Return a script of `sh` that prints the mark on stdout and stderr, then goes on as the given one."""
        first, second = self._halves
        return f"printf %s%s\\\\n {first} {second}; printf %s%s\\\\n {first} {second} >&2; {script}"

    def stream(self) -> MarkedStream:
        """Return the eyes for one stream."""
        return MarkedStream(self.line)


class MarkedStream:
    """One stream of a command. noise: what came before the mark, its end where it is long."""

    def __init__(self, line: bytes) -> None:
        self._line, self.begun, self.noise = line, False, b""

    def take(self, piece: bytes) -> bytes:
        """Return what of a piece is the command's own. Pieces may end anywhere, in the mark too."""
        if self.begun:
            return piece
        before, mark, own = (self.noise + piece).partition(self._line)
        self.begun, self.noise = bool(mark), before
        return own


def quoted(noise: bytes) -> str:
    """Return noise in one short line of printable characters."""
    return sanitize.joined(noise)[:_QUOTED]
