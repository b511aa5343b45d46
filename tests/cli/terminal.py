"""A real terminal around a program of ours: what a person sees at so many columns."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from collections.abc import Mapping, Sequence

_STYLE = re.compile(r"\x1b\[[0-9;]*m")


def seen(words: Sequence[str], environment: Mapping[str, str], columns: int = 80) -> list[str]:
    """Return the lines that `sage-edge WORDS` shows, without colours."""
    reads, writes = pty.openpty()
    fcntl.ioctl(writes, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    program = [sys.executable, "-m", "sage_edge", *words]
    plain = {name: value for name, value in environment.items() if name not in ("COLUMNS", "LINES")}
    process = subprocess.Popen(program, stdin=writes, stdout=writes, stderr=subprocess.PIPE, env=plain)
    os.close(writes)
    pieces = []
    while piece := _read(reads):
        pieces.append(piece)
    os.close(reads)
    process.communicate(timeout=60)
    return _STYLE.sub("", b"".join(pieces).decode()).splitlines()


def _read(handle: int) -> bytes:
    try:
        return os.read(handle, 1 << 16)
    except OSError:  # whoever wrote has gone
        return b""
