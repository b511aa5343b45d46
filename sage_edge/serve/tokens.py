"""The token that opens the gateway: 64 hex digits in a file that nobody else may read; never logged, never shown."""

from __future__ import annotations

import hmac
import re
import secrets
import stat
from pathlib import Path

from sage_edge import files
from sage_edge.serve.errors import ServeTokenMissing, ServeTokenUnusable

_TOKEN = re.compile(rb"[A-Za-z0-9._~+/-]{32,256}=*\n?")
_LARGEST_BYTES = 512


def make(path: Path) -> bool:
    """Make a token at a path, mode 0600, and return True; False where one lies there already. Raises StorageError."""
    try:
        files.create_exclusive(path, f"{secrets.token_hex(32)}\n".encode(), mode=0o600)
    except FileExistsError:
        return False
    return True


def read(path: Path) -> bytes:
    """Return the token at a path. Raises ServeTokenMissing, ServeTokenUnusable."""
    try:
        mode = path.lstat().st_mode
        content = files.read(path, at_most=_LARGEST_BYTES)
    except (FileNotFoundError, NotADirectoryError):
        raise ServeTokenMissing(path) from None
    except OSError:
        raise ServeTokenUnusable(path, "cannot be read") from None
    if not stat.S_ISREG(mode):
        raise ServeTokenUnusable(path, "is no plain file")
    if mode & 0o077:
        raise ServeTokenUnusable(path, f"may be read by others: its mode is {stat.S_IMODE(mode):04o}, not 0600")
    if not _TOKEN.fullmatch(content):
        raise ServeTokenUnusable(path, "does not hold one line of 32 to 256 characters")
    return content.strip()


def opens(header: str | None, token: bytes) -> bool:
    """Whether an Authorization header names the token; it takes as long for a wrong one as for the right one."""
    scheme, _, given = (header or "").partition(" ")
    return hmac.compare_digest(given.strip().encode("utf-8", "surrogateescape"), token) and scheme.lower() == "bearer"
