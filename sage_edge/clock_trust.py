"""Whether a clock may be believed: while it may not, nothing is done by it that cannot be undone.

    state/locks/clock.lock    held while what is remembered is read and replaced: a wake undoes no person's word
    state/clock.json          format 1; what this host remembers of its own clock, replaced at every wake
    {"format": 1, "newest": "2026-11-20T06:00:00Z", "step": {"at": "…", "boot": "…", "awake_s": 4711.0},
     "trusted": {"at": "…", "floor": "2031-01-01T00:00:00Z"}}

newest: the latest time that the clock said while something kept it in step; no peer's date ever moves it.
step: the last look at which nothing spoke against it. Within one start of the machine the seconds since then show each
setting of the clock, by whomever. contested: since when a clock that is kept in step stands before `newest`.
trusted: what a person said last (`sage-edge clock trust`): the clock was right at `at`, so the date of no release after
that and up to `floor` bounds it. What is not so is left out.
"""

from __future__ import annotations

import contextlib
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from sage_edge import files, locks
from sage_edge.clock import BEGUN, Clock, ClockReading, Duration
from sage_edge.errors import ClockImpossible, Locked, StorageError
from sage_edge.hints import Hint, sage

AHEAD, SLACK = Duration(days=400), Duration(hours=1)
"""What a fleet declares if it declares nothing: `clock_ahead` and `clock_slack`."""

REMEDY: Hint = ("let the network keep it, or set it, then: ", sage("clock trust", because="REASON"))
"""What ends a doubt."""

_DRIFT = 500e-6
"""By how much a clock that nobody keeps in step may run wrong: the kernel corrects no more (MAXFREQ of timex.h)."""

_LARGEST = 4096
_PATIENCE_S = 10.0


@dataclass(frozen=True)
class ClockTrust:
    """What a clock says, and why it is not to be believed; doubt None: it is."""

    at: datetime
    doubt: str | None = None

    def is_over(self, until: datetime) -> bool:
        """Whether a term is over. While the clock is in doubt none ever is."""
        return self.doubt is None and self.at > until


@dataclass(frozen=True)
class ClockBounds:
    """What a clock has to keep to. floor: when the release was committed, or a virtual clock's own.

    ahead: how long after `floor`, `since` or what was seen is plausible; since: None: no later than `floor`.
    slack: how far it may be off. must_be_kept: by itself this machine knows no time, as it has no battery.
    """

    floor: datetime = BEGUN
    ahead: timedelta = AHEAD
    slack: timedelta = SLACK
    must_be_kept: bool = False
    since: datetime | None = None


class _Paper(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, defer_build=True)


class ClockLook(_Paper):
    """One look at a clock that is remembered."""

    at: AwareDatetime
    boot: str
    awake_s: float

    def moved(self, reading: ClockReading) -> timedelta | None:
        """How far the clock was set since this look; None where the machine was started since, or nobody says."""
        if not self.boot or self.boot != reading.boot or reading.awake_s < self.awake_s:
            return None
        return (reading.at - self.at) - timedelta(seconds=reading.awake_s - self.awake_s)


class ClockWord(_Paper):
    """A person's word that the clock was right at `at`, against releases that were committed until `floor`."""

    at: AwareDatetime
    floor: AwareDatetime


class ClockMemory(_Paper):
    """What a host remembers of its own clock."""

    format: Literal[1] = 1
    newest: AwareDatetime | None = None
    step: ClockLook | None = None
    contested: ClockLook | None = None
    trusted: ClockWord | None = None

    def bound(self, committed: datetime) -> datetime:
        """Return how the date of a commit bounds the clock: not at all where a person's word is against it."""
        word = self.trusted
        return BEGUN if word is not None and word.at < committed <= word.floor else committed


def judge(reading: ClockReading, bounds: ClockBounds, memory: ClockMemory) -> ClockTrust:
    """Return whether a look at a clock may be believed, by its bounds and by what is remembered of it."""
    return ClockTrust(reading.at, _doubt(reading, bounds, memory))


def _doubt(reading: ClockReading, bounds: ClockBounds, memory: ClockMemory) -> str | None:
    at, newest, floor = reading.at, memory.newest, memory.bound(bounds.floor)
    if at < _plus(floor, -bounds.slack):
        return f"it says {_shown(at)}, before {_shown(floor)}, and this release is not older"
    if newest is not None and at < _plus(newest, -bounds.slack) and not _is_settled(reading, bounds, memory):
        return f"it says {_shown(at)}, before what this host has seen: {_shown(newest)}"
    if reading.is_kept:
        return None
    last = max(floor, memory.bound(bounds.since or floor), newest or floor)
    if at > _plus(last, bounds.ahead):
        return f"it says {_shown(at)}, more than {Duration(seconds=bounds.ahead.total_seconds())} after {_shown(last)}"
    return _drift(reading, bounds, memory.step)


def _drift(reading: ClockReading, bounds: ClockBounds, step: ClockLook | None) -> str | None:
    """Doubt a clock that nothing keeps in step by what was seen of it since the machine was started."""
    moved = step.moved(reading) if step else None
    if step is None or moved is None:
        is_blind = bounds.must_be_kept and reading.is_kept is False
        return "nothing has kept it in step since this machine was started" if is_blind else None
    if abs(moved) > bounds.slack:
        return f"it was set by {_length(moved)}, and nothing keeps it in step"
    drift = timedelta(seconds=(reading.awake_s - step.awake_s) * _DRIFT)
    if bounds.must_be_kept and reading.is_kept is False and abs(moved) + drift > bounds.slack:
        return f"nothing has kept it in step since {_shown(step.at)}; it may be off by {_length(abs(moved) + drift)}"
    return None


def _is_settled(reading: ClockReading, bounds: ClockBounds, memory: ClockMemory) -> bool:
    """Whether a clock that is kept in step has stood by an earlier time for so long that what was seen was wrong."""
    since = memory.contested
    moved = since.moved(reading) if since and reading.is_kept else None
    if since is None or moved is None or abs(moved) > bounds.slack:
        return False
    return reading.awake_s - since.awake_s >= bounds.slack.total_seconds()


def remember(reading: ClockReading, bounds: ClockBounds, memory: ClockMemory) -> ClockMemory:
    """Return what is to be remembered after a look."""
    look = _look(reading)
    if _doubt(reading, bounds, memory) is not None:
        return memory.model_copy(update={"contested": _contested(look, reading, bounds, memory)})
    step = memory.step
    if not bounds.must_be_kept or reading.is_kept is not False or step is None or step.boot != reading.boot:
        step = look
    newest = memory.newest
    if reading.is_kept and (newest is None or not newest - bounds.slack <= reading.at <= newest):
        newest = reading.at
    return ClockMemory(newest=newest, step=step, trusted=memory.trusted)


def trust(reading: ClockReading, bounds: ClockBounds, memory: ClockMemory) -> ClockMemory:
    """Return what is to be remembered once a person says that a clock is right: nothing speaks against it any more.

    Raises ClockImpossible for a time before there was any sage-edge.
    """
    if reading.at < BEGUN:
        raise ClockImpossible(_shown(reading.at), _shown(BEGUN))
    floor = max(bounds.floor, bounds.since or bounds.floor, memory.trusted.floor if memory.trusted else bounds.floor)
    return ClockMemory(newest=reading.at, step=_look(reading), trusted=ClockWord(at=reading.at, floor=floor))


def _look(reading: ClockReading) -> ClockLook:
    return ClockLook(at=reading.at, boot=reading.boot, awake_s=reading.awake_s)


def _contested(look: ClockLook, reading: ClockReading, bounds: ClockBounds, memory: ClockMemory) -> ClockLook | None:
    if not reading.is_kept or reading.at < memory.bound(bounds.floor):
        return None
    moved = memory.contested.moved(reading) if memory.contested else None
    return memory.contested if moved is not None and abs(moved) <= bounds.slack else look


@dataclass(frozen=True)
class ClockWatch:
    """A host's clock and the file in which it remembers it. A set clock is remembered nowhere."""

    clock: Clock
    bounds: ClockBounds
    file: Path

    def look(self) -> ClockTrust:
        """Return whether the clock may be believed now; nothing is written."""
        return judge(self.clock.read(), self.bounds, self._memory())

    def note(self) -> ClockTrust:
        """Look, and remember it. A full disk stops no work, nor does whoever keeps the lock."""
        if self.clock.source == "system":
            with contextlib.suppress(StorageError, Locked), self._alone():
                reading, memory = self.clock.read(), self._memory()
                self._write(remember(reading, self.bounds, memory))
                return judge(reading, self.bounds, memory)
        return self.look()

    def trust(self) -> ClockTrust:
        """Believe the clock from now on, as a person says. Raises ClockImpossible, StorageError, Locked."""
        with self._alone():
            reading, memory = self.clock.read(), self._memory()
            self._write(trust(reading, self.bounds, memory))
            return judge(reading, self.bounds, self._memory())

    @property
    def floor(self) -> datetime:
        """Before which no time is one: the release's own date, unless a person knew better."""
        return self._memory().bound(self.bounds.floor)

    @property
    def newest(self) -> datetime | None:
        """The latest time that the clock said while something kept it in step, as far as is remembered."""
        return self._memory().newest

    def recall(self, newest: datetime) -> None:
        """Remember a time that this host's own papers name, where nothing else is remembered."""
        if self.clock.source == "system" and not self.file.exists():
            with contextlib.suppress(StorageError, Locked), self._alone():
                if not self.file.exists():
                    self._write(ClockMemory(newest=newest))

    def _alone(self) -> AbstractContextManager[None]:
        return locks.hold(self.file.parent / "locks" / "clock.lock", str(self.file), wait_s=_PATIENCE_S)

    def _write(self, memory: ClockMemory) -> None:
        files.write_atomic(self.file, memory.model_dump_json(exclude_none=True).encode())

    def _memory(self) -> ClockMemory:
        if self.clock.source != "system":
            return ClockMemory()
        try:
            return ClockMemory.model_validate_json(files.read(self.file, at_most=_LARGEST))
        except (OSError, ValidationError):  # a damaged memory is none: the release's own date still bounds the clock
            return ClockMemory()


def _plus(moment: datetime, length: timedelta) -> datetime:
    try:
        return moment + length
    except OverflowError:
        bound = datetime.max if length > timedelta(0) else datetime.min
        return bound.replace(tzinfo=moment.tzinfo)


def _shown(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M}Z"


def _length(length: timedelta) -> str:
    sign = "-" if length < timedelta(0) else ""
    return f"{sign}{Duration(seconds=int(abs(length).total_seconds()))}"
