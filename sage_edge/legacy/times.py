"""Times of the older system: local Pacific time without offset, in half a dozen spellings → UTC.

Where the clocks go back, an hour happens twice: the earlier reading is taken, or the later one where the session would
otherwise end before it starts. Where they go forward, an hour does not exist: it is read with the offset that held
before. Both are told.
"""

from __future__ import annotations

import functools
import math
import re
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import JsonValue

from sage_edge.legacy import vocabulary
from sage_edge.legacy.errors import ZoneMissing

ZONE = "America/Los_Angeles"
"""Where the older fleet stood (legacy §3.5): PST is UTC-8, PDT UTC-7."""

_ISO = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?\s*(Z|UTC|[+-]\d\d(?::?\d\d)?)?",
    re.IGNORECASE,
)
_COMPACT = re.compile(r"(\d{4})(\d\d)(\d\d)[T_-](\d\d)(\d\d)(\d\d)")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_CLOCK = re.compile(r"\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?(?:\s*(?:Z|UTC|[+-]\d\d(?::?\d\d)?))?")
_EPOCHS = ((1e8, 1e11, 1.0), (1e11, 1e14, 1e-3))
"""Seconds and milliseconds since 1970: from, below, seconds per unit."""

STAMPS = (
    *("created_at", "timestamp", "create_time", "time", "createdat", "createtime"),
    *("sent_at", "datetime", "date", "ts"),
)
"""Names under which an item says when it was, the plainest first."""


@dataclass(frozen=True)
class TimeReading:
    """A moment, or None. is_assumed: it had no offset. later: the same local time an hour on, where it happened twice.

    repair: what is to be told.
    """

    moment: datetime | None = None
    is_assumed: bool = False
    later: datetime | None = None
    repair: str | None = None


@functools.cache
def _zone() -> tzinfo:
    try:
        return ZoneInfo(ZONE)
    except ZoneInfoNotFoundError:
        raise ZoneMissing(ZONE) from None


def read(raw: JsonValue) -> TimeReading:
    """Return what a stored time says; without a moment, `repair` says why. Raises ZoneMissing."""
    if isinstance(raw, (int, float)) and not isinstance(raw, bool):
        return _since_epoch(raw)
    if not isinstance(raw, str):
        return TimeReading(repair=f"{_short(raw)} is no time")
    text = raw.strip()
    match = _ISO.fullmatch(text) or _COMPACT.fullmatch(text)
    if match is None:
        what = "is a day without a time" if _DAY.fullmatch(text) else "is no time"
        return TimeReading(repair=f"{_short(raw)} {what}")
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups()[:6])
    fraction = (match.groups()[6:] or ("",))[0] or ""
    try:
        naive = datetime(year, month, day, hour, minute, second, int(f"{fraction:0<6}"[:6]))
        return _local(naive, raw) if len(match.groups()) < 8 or not match[8] else TimeReading(_shifted(naive, match[8]))
    except (ValueError, OverflowError):
        return TimeReading(repair=f"{_short(raw)} is no time")


def of_item(item: JsonValue) -> TimeReading:
    """Return the first readable time that an item says, or the message within it; no moment without one."""
    for holder in (item, item.get("message")) if isinstance(item, dict) else ():
        about = vocabulary.folded(holder, STAMPS) if isinstance(holder, dict) else {}
        for name in STAMPS:
            if about.get(name) is not None and (reading := read(about[name])).moment is not None:
                return reading
    return TimeReading()


def joined(day: JsonValue, clock: JsonValue) -> str | None:
    """Return a date and a time of day as one text; None where they are not."""
    if (
        isinstance(day, str)
        and isinstance(clock, str)
        and _DAY.fullmatch(day.strip())
        and _CLOCK.fullmatch(clock.strip())
    ):
        return f"{day.strip()}T{clock.strip()}"
    return None


def _since_epoch(raw: float) -> TimeReading:
    for low, high, unit in _EPOCHS:
        if math.isfinite(raw) and low <= raw < high:
            return TimeReading(datetime.fromtimestamp(raw * unit, timezone.utc))
    return TimeReading(repair=f"{_short(raw)} is no time")


def _shifted(naive: datetime, offset: str) -> datetime:
    if offset.upper() in ("Z", "UTC"):
        return naive.replace(tzinfo=timezone.utc)
    digits = offset[1:].replace(":", "").ljust(4, "0")
    shift = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return naive.replace(tzinfo=timezone(shift if offset[0] == "+" else -shift)).astimezone(timezone.utc)


def _local(naive: datetime, raw: str) -> TimeReading:
    first = naive.replace(tzinfo=_zone(), fold=0)
    second = naive.replace(tzinfo=_zone(), fold=1)
    moment = first.astimezone(timezone.utc)
    if first.utcoffset() == second.utcoffset():
        return TimeReading(moment, True)
    if moment.astimezone(_zone()).replace(tzinfo=None) != naive:
        remark = f"{raw} does not exist where the clocks went forward; it was read as {moment.isoformat()}"
        return TimeReading(moment, True, repair=remark)
    remark = f"{raw} happened twice where the clocks went back; the earlier was taken, {moment.isoformat()}"
    return TimeReading(moment, True, second.astimezone(timezone.utc), remark)


def _short(raw: JsonValue) -> str:
    return f"{raw!r:.60}"
