"""Which slot each session served, and what became of the slots: kept, missed, served twice.

A session of ours says which moment it was due. One of the older system says only when it began; its slots were every
six hours of local time, primary from midnight on, training from three o'clock on (legacy §3.5), and it is held against
the nearest one.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sage_edge.analysis.report.content import Content, Session
from sage_edge.legacy.times import ZONE
from sage_edge.names import Track
from sage_edge.records.dialogue import Dialogue

EVERY = timedelta(hours=6)
OFFSET = {"primary": timedelta(0), "training": timedelta(hours=3)}
STRAY = timedelta(minutes=60)
"""A start further away from every slot than this belongs to none."""

_ZERO = datetime(1970, 1, 1)
"""Local: slots of the older system go by the clock on the wall."""


@dataclass(frozen=True)
class Held:
    """A session that says when it began. slot: the moment that it served, or None; delay: behind it, negative ahead."""

    told: Dialogue
    started: datetime
    slot: datetime | None
    delay: timedelta

    @property
    def near(self) -> bool:
        """True if it belongs to its slot."""
        return self.slot is not None and abs(self.delay) <= STRAY


@dataclass(frozen=True)
class Lane:
    """The sessions of one track of one host, by time. unknown: how many do not say when they began.

    every: how far apart slots are. missed, doubled: slots between the first and the last with no session, with two.
    """

    name: str
    held: tuple[Held, ...]
    unknown: int
    every: timedelta
    missed: int
    doubled: int

    @property
    def slotted(self) -> tuple[Held, ...]:
        """The sessions that can be held against a slot."""
        return tuple(one for one in self.held if one.slot is not None)

    def between(self, least: timedelta, most: timedelta) -> int:
        """Return how many began more than `least` and at most `most` from their slot, before or after it."""
        return sum(least < abs(one.delay) <= most for one in self.slotted)

    @property
    def gaps(self) -> tuple[tuple[Held, float], ...]:
        """The sessions after the first one, each with the hours since the one before it."""
        pairs = itertools.pairwise(self.held)
        return tuple((other, (other.started - one.started).total_seconds() / 3600) for one, other in pairs)


def lanes(content: Content) -> tuple[Lane, ...]:
    """Return a lane for every track of every host that has sessions with a start."""
    hosts = sorted({one.told.host or "" for one in content.sessions if one.counts})
    found = []
    tracks = sorted({one.told.track for one in content.sessions if one.counts and one.told.track})
    for track, host in itertools.product(tracks, hosts):
        sessions = [one for one in content.on(track) if (one.told.host or "") == host]
        lane = _lane(track if len(hosts) == 1 else f"{host} {track}", track, sessions)
        found += [lane] if lane.held else []
    return tuple(found)


def _lane(name: str, track: Track, sessions: Sequence[Session]) -> Lane:
    told = sorted((one.told for one in sessions if one.told.started), key=lambda one: (str(one.started), one.label))
    held = tuple(_held(one, one.started, track) for one in told if one.started is not None)
    served = [one.slot for one in held if one.slot is not None and one.near]
    every = _distance([one.due for one in told if one.due is not None])
    kept = set(served)
    span = round((max(kept) - min(kept)) / every) + 1 if kept else 0
    return Lane(name, held, len(sessions) - len(held), every, max(0, span - len(kept)), len(served) - len(kept))


def _held(told: Dialogue, started: datetime, track: Track) -> Held:
    if told.due is not None:
        return Held(told, started, told.due.replace(tzinfo=None), started - told.due)
    if told.provenance == "recorded":  # conducted by hand, for no slot
        return Held(told, started, None, timedelta(0))
    wall = started.astimezone(ZoneInfo(ZONE)).replace(tzinfo=None)
    slot = _ZERO + OFFSET[track] + round((wall - _ZERO - OFFSET[track]) / EVERY) * EVERY
    return Held(told, started, slot, wall - slot)


def _distance(dues: Sequence[datetime]) -> timedelta:
    """The shortest way between two slots that were served; without two, six hours."""
    apart = [other - one for one, other in itertools.pairwise(sorted(set(dues)))]
    return min(apart, default=EVERY)
