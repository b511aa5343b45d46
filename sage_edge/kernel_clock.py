"""What the kernel knows of its own clock: whether something keeps it in step, which start this is, and since when.

Nothing is changed by asking, and no privilege is needed: adjtimex(2) without modes is free in a container, too.
"""

from __future__ import annotations

import ctypes
import time
from pathlib import Path

_UNSYNCHRONISED = 0x0040  # STA_UNSYNC of <sys/timex.h>
_STATUS_AT, _TIMEX_BYTES = 40, 208  # `status` lies after modes, offset, freq, maxerror and esterror, on 64-bit Linux
_BOOT = Path("/proc/sys/kernel/random/boot_id")


def is_kept(facts: Path = Path("/")) -> bool | None:
    """Whether something keeps the clock in step, by adjtimex(2); None where nobody says.

    facts: another root than `/`, where a stand-in may say `kept` or `free` in run/sage/clock.
    """
    stated = _stated(facts)
    return _asked() if stated is None else stated


def _stated(facts: Path) -> bool | None:
    if facts == Path("/"):
        return None
    try:
        word = (facts / "run/sage/clock").read_text("ascii").strip()
    except (OSError, ValueError):
        return None
    return {"kept": True, "free": False}.get(word)


def _asked() -> bool | None:
    asked = ctypes.create_string_buffer(_TIMEX_BYTES)
    try:
        state = ctypes.CDLL(None, use_errno=True).adjtimex(asked)
    except (OSError, AttributeError):
        return None
    status = int.from_bytes(asked.raw[_STATUS_AT : _STATUS_AT + 4], "little")
    return None if state < 0 else not status & _UNSYNCHRONISED


def boot() -> str:
    """Which start of the machine this is; the same for all its containers, empty where nobody says."""
    try:
        return _BOOT.read_text("ascii").strip()
    except (OSError, ValueError):
        return ""


def awake_s() -> float:
    """Seconds since that start, sleep counted: no setting of the clock changes them."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)
