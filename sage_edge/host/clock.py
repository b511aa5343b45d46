"""Time, and which boot this is."""

from __future__ import annotations

import time
from datetime import datetime, timezone
from pathlib import Path


def now_text() -> str:
    """The time in UTC, to the millisecond, as `2026-11-20T06:00:00.000Z`."""
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def now_s() -> float:
    """Seconds since 1970."""
    return time.time()


def boot_id(root: Path = Path("/")) -> str:
    """The kernel's id of this boot; in a container, the start of its first process tells boots apart."""
    try:
        kernel = (root / "proc/sys/kernel/random/boot_id").read_text("ascii").strip()
        started = (root / "proc/1/stat").read_text("utf-8", "replace").rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return "unknown"
    return f"{kernel}.{started}"
