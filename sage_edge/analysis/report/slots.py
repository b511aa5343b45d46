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

from sage_edge.analysis.report.content import ReportContent, Session
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
class PlacedSession:
    """A session that says when it began. slot: the moment that it served, or None; delay: behind it, negative ahead."""

    header: Dialogue
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
    held: tuple[PlacedSession, ...]
    unknown: int
    every: timedelta
    missed: int
    doubled: int

    @property
    def slotted(self) -> tuple[PlacedSession, ...]:
        """The sessions that can be held against a slot."""
        return tuple(session for session in self.held if session.slot is not None)

    def between(self, least: timedelta, most: timedelta) -> int:
        """Return how many began more than `least` and at most `most` from their slot, before or after it."""
        return sum(least < abs(session.delay) <= most for session in self.slotted)

    @property
    def gaps(self) -> tuple[tuple[PlacedSession, float], ...]:
        """The sessions after the first one, each with the hours since the one before it."""
        pairs = itertools.pairwise(self.held)
        return tuple((other, (other.started - earlier.started).total_seconds() / 3600) for earlier, other in pairs)


def lanes(content: ReportContent) -> tuple[Lane, ...]:
    """Return a lane for every track of every host that has sessions with a start."""
    hosts = sorted({session.header.host or "" for session in content.sessions if session.counts})
    tracks = sorted({session.header.track for session in content.sessions if session.counts and session.header.track})
    all_lanes = []
    for track, host in itertools.product(tracks, hosts):
        sessions = [session for session in content.on(track) if (session.header.host or "") == host]
        lane = _lane(track if len(hosts) == 1 else f"{host} {track}", track, sessions)
        all_lanes += [lane] if lane.held else []
    return tuple(all_lanes)


def _lane(name: str, track: Track, sessions: Sequence[Session]) -> Lane:
    dialogues = sorted(
        (session.header for session in sessions if session.header.started),
        key=lambda dialogue: (str(dialogue.started), dialogue.label),
    )
    held = tuple(_held(dialogue, dialogue.started, track) for dialogue in dialogues if dialogue.started is not None)
    served = [session.slot for session in held if session.slot is not None and session.near]
    every = _distance([dialogue.due for dialogue in dialogues if dialogue.due is not None])
    kept = set(served)
    span = round((max(kept) - min(kept)) / every) + 1 if kept else 0
    return Lane(name, held, len(sessions) - len(held), every, max(0, span - len(kept)), len(served) - len(kept))


def _held(dialogue: Dialogue, started: datetime, track: Track) -> PlacedSession:
    if dialogue.due is not None:
        return PlacedSession(dialogue, started, dialogue.due.replace(tzinfo=None), started - dialogue.due)
    if dialogue.provenance == "recorded":  # conducted by hand, for no slot
        return PlacedSession(dialogue, started, None, timedelta(0))
    wall = started.astimezone(ZoneInfo(ZONE)).replace(tzinfo=None)
    slot = _ZERO + OFFSET[track] + round((wall - _ZERO - OFFSET[track]) / EVERY) * EVERY
    return PlacedSession(dialogue, started, slot, wall - slot)


def _distance(dues: Sequence[datetime]) -> timedelta:
    """The shortest way between two slots that were served; without two, six hours."""
    apart = [other - earlier for earlier, other in itertools.pairwise(sorted(set(dues)))]
    return min(apart, default=EVERY)
