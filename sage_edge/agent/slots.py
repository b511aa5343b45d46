"""When a session is due: slots are counted from the epoch, so that they never drift.

Slot k of a track (a kind of session) is due at `epoch + offset + k * every`; it starts up to `jitter` later, by an
amount that is fixed for host, track and k, so that boards do not all wake in the same second. Only the latest slot can
be due: one that was missed is caught up once and marked late, those before it are reported as missed. A track that was
never served begins with a slot that is on time: nothing from before a host's life is caught up.

Which slots were served is a set, not a newest one: what a clock that ran ahead has served stays served, and keeps no
other slot waiting. Near the ends of the calendar there is no slot.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from sage_edge.inventory.cadence import Schedule
from sage_edge.names import HostName, Track

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


@dataclass(frozen=True)
class Due:
    """One slot that is due now. `missed` counts the slots between the last one served and this one."""

    track: Track
    at: datetime
    start: datetime
    late: bool
    missed: int


def due(schedule: Schedule, host: HostName, track: Track, now: datetime, served: Collection[datetime]) -> Due | None:
    """Return the slot of a track that is due at `now`, or None when it was served. served: every slot kept."""
    at = latest(schedule, host, track, now)
    if at is None or at in served:
        return None
    before = max((slot for slot in served if slot < at), default=None)
    start = at + jitter(schedule, host, track, at)
    late = now - start > schedule.late_after
    if before is None:
        return None if late else Due(track, at, start, late=False, missed=0)
    return Due(track, at, start, late, missed=(at - before) // schedule.cadences[track].every - 1)


def latest(schedule: Schedule, host: HostName, track: Track, now: datetime) -> datetime | None:
    """Return the newest slot whose start has come, or None before the first one after the epoch."""
    return max((at for at, start in _around(schedule, host, track, now) if start <= now), default=None)


def following(schedule: Schedule, host: HostName, tracks: Iterable[Track], now: datetime) -> datetime | None:
    """Return the start of the next slot of any of these tracks after `now`; None for no tracks."""
    starts = (start for track in tracks for _, start in _around(schedule, host, track, now))
    return min((start for start in starts if start > now), default=None)


def _around(schedule: Schedule, host: HostName, track: Track, now: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Yield the slots next to a moment with their starts, two before and two after it: jitter is less than a round."""
    cadence = schedule.cadences[track]
    number = (now - EPOCH - cadence.offset) // cadence.every
    for k in range(max(0, number - 1), number + 3):
        try:
            at = EPOCH + cadence.offset + k * cadence.every
            start = at + jitter(schedule, host, track, at)
        except OverflowError:
            return
        yield at, start


def jitter(schedule: Schedule, host: HostName, track: Track, at: datetime) -> timedelta:
    """Return how long after its due moment a slot starts: uniform in [0, jitter), fixed by SHA-256 of its name."""
    digest = hashlib.sha256(f"{host}/{track}/{int(at.timestamp())}".encode()).digest()
    share = int.from_bytes(digest[:4], "big") / 2**32
    return timedelta(seconds=int(schedule.jitter.total_seconds() * share))
