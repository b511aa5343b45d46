"""Time, so that a test can own it: UTC with offset everywhere, durations as people write them."""

from __future__ import annotations

import re
import threading
import time
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Literal, Protocol

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from sage_edge import kernel_clock

TimeSource = Literal["system", "set"]

BEGUN = datetime(2026, 1, 1, tzinfo=timezone.utc)
"""The year in which sage-edge was begun: no clock that stands before it is right, and no day was lived with it."""

_LEAP = re.compile(r"(?<=T\d\d:)(59:)60(?=[.,Z+-]|$)")
_DURATION = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")


class Duration(timedelta):
    """A length of time written like `6h`, `90m`, `1h30m`, `2d` or `0s`; whole seconds."""

    @classmethod
    def parse(cls, text: object) -> Duration:
        """Return the duration that `text` says. Raises ValueError."""
        match = _DURATION.fullmatch(text) if isinstance(text, str) and text else None
        if match is None:
            raise ValueError(f"expected a duration like 6h, got {text!r}")
        days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
        try:
            return cls(days=days, hours=hours, minutes=minutes, seconds=seconds)
        except OverflowError:
            raise ValueError(f"expected a duration like 6h, got {text!r}") from None

    def __str__(self) -> str:
        left = int(self.total_seconds())
        parts = []
        for unit, size in (("d", 86400), ("h", 3600), ("m", 60), ("s", 1)):
            count, left = divmod(left, size)
            if count:
                parts.append(f"{count}{unit}")
        return "".join(parts) or "0s"

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        def check(value: object) -> Duration:
            return value if isinstance(value, Duration) else cls.parse(value)

        return core_schema.no_info_plain_validator_function(
            check, serialization=core_schema.plain_serializer_function_ser_schema(str)
        )


def text(moment: datetime) -> str:
    """`2026-11-20T06:00:00.123+00:00`; milliseconds, always UTC."""
    return moment.astimezone(timezone.utc).isoformat(timespec="milliseconds")


def parse(written: str) -> datetime:
    """Return the moment that an ISO 8601 text names. Raises ValueError if it has no offset.

    A leap second, 23:59:60 in UTC, is the second after it, as computers count.
    """
    plain = _LEAP.sub(r"\g<1>59", written)
    try:
        moment = datetime.fromisoformat(plain.replace("Z", "+00:00"))
        if moment.tzinfo is not None:
            return moment.astimezone(timezone.utc) + timedelta(seconds=plain != written)
    except (ValueError, OverflowError):
        pass
    raise ValueError(f"expected a time with offset like 2026-11-20T06:00:00Z, got {written!r}")


@dataclass(frozen=True)
class ClockReading:
    """One look at a clock.

    is_kept: whether something keeps it in step; None: nobody says. boot, awake_s: which start of the machine, and
    seconds since then, which no setting of the clock changes; boot is empty where nobody says.
    """

    at: datetime
    is_kept: bool | None = None
    boot: str = ""
    awake_s: float = 0.0


class Clock(Protocol):
    """Where the time comes from; `source` is recorded, so that a set clock never passes for the real one.

    floor: of a virtual clock, before which it is not believed; None: the machine's own, which the release knows.
    """

    source: TimeSource
    floor: datetime | None

    def now(self) -> datetime: ...

    def read(self) -> ClockReading: ...

    def wait(self, seconds: float, stop: threading.Event) -> None: ...


class SystemClock:
    """The machine's clock. facts: where a stand-in says whether something keeps it in step; `/`: the kernel says it.

    <facts>/run/sage/clock    `kept` or `free`
    """

    source: TimeSource = "system"
    floor: datetime | None = None

    def __init__(self, facts: Path = Path("/")) -> None:
        self._facts = facts

    def now(self) -> datetime:
        return datetime.now(timezone.utc)

    def read(self) -> ClockReading:
        """Return the time with what the kernel says of it."""
        return ClockReading(self.now(), kernel_clock.is_kept(self._facts), kernel_clock.boot(), kernel_clock.awake_s())

    def wait(self, seconds: float, stop: threading.Event) -> None:
        """Return after `seconds`, or at once when `stop` is set."""
        stop.wait(seconds)


class SetClock:
    """A clock that was set to `start` and runs on from there (`agent once --at TIME`)."""

    source: TimeSource = "set"
    floor: datetime | None = BEGUN

    def __init__(self, start: datetime) -> None:
        self.set(start)

    def set(self, moment: datetime) -> None:
        """Set it to another moment; it runs on from there."""
        self._start, self._began = moment.astimezone(timezone.utc), time.monotonic()

    def now(self) -> datetime:
        return self._start + timedelta(seconds=time.monotonic() - self._began)

    def read(self) -> ClockReading:
        """Return the time; nobody keeps this clock."""
        return ClockReading(self.now())

    def wait(self, seconds: float, stop: threading.Event) -> None:
        stop.wait(seconds)
