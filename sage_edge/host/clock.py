"""Time, which boot this is, and how old is what was written here.

A clock is set, so what was written in this boot is as old as the seconds since then that no setting changes, and what
was written before it as the clock says. Both may come out below zero: then it is of the future, and not young.
"""

from __future__ import annotations

import time
from datetime import datetime, timezone
from pathlib import Path
from typing import NamedTuple

SKEW_S = 2.0
"""So far ahead of the clock a time may stand that was written here: its keeper has pushed it back a little since."""

_UNSYNCHRONISED = 0x0040  # STA_UNSYNC of <sys/timex.h>
_STATUS_AT, _TIMEX_BYTES = 40, 208  # where `status` lies in its struct timex, on 64-bit Linux


class Instant(NamedTuple):
    """When something was. wall: seconds since 1970. boot: in which one; empty: nobody wrote it. awake_s: since then."""

    wall: float
    boot: str = ""
    awake_s: float = 0.0

    def age_s(self, now: Instant) -> float:
        """Seconds from then until `now`; negative: it is of the future."""
        if self.boot and self.boot == now.boot:
            return now.awake_s - self.awake_s
        return now.wall - self.wall


def is_within(age_s: float, most_s: float) -> bool:
    """Whether something is at most so old, and not of the future."""
    return -SKEW_S <= age_s <= most_s


def now(boot: str) -> Instant:
    """This instant, in a boot as whoever writes it down calls it."""
    return Instant(now_s(), boot, awake_s())


def now_text() -> str:
    """The time in UTC, to the millisecond, as `2026-11-20T06:00:00.000Z`."""
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def now_s() -> float:
    """Seconds since 1970."""
    return time.time()


def awake_s() -> float:
    """Seconds since the kernel was started, sleep counted."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def is_kept() -> bool:
    """Whether something keeps the clock in step, by adjtimex(2), which `timedatectl` asks, too."""
    import ctypes  # ten milliseconds that only some verbs need

    asked = ctypes.create_string_buffer(_TIMEX_BYTES)
    state = ctypes.CDLL(None).adjtimex(asked)
    return state >= 0 and not int.from_bytes(asked.raw[_STATUS_AT : _STATUS_AT + 4], "little") & _UNSYNCHRONISED


def kernel_boot(root: Path = Path("/")) -> str:
    """The kernel's id of this boot, the same in all its containers; empty where nobody says."""
    try:
        return (root / "proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    except OSError:
        return ""


def boot_id(root: Path = Path("/")) -> str:
    """The kernel's id of this boot; in a container, the start of its first process tells boots apart."""
    try:
        kernel = (root / "proc/sys/kernel/random/boot_id").read_text("ascii").strip()
        started = (root / "proc/1/stat").read_text("utf-8", "replace").rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return "unknown"
    return f"{kernel}.{started}"
