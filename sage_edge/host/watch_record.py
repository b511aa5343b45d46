"""What the board saw of its agent last, and what it did about it: when the next try is due.

    /run/sage-watch.json    {"mark": "…", "since": 1234.5, "tries": 2, "not_before": 2434.5, "last": "2026-11-20T…"}

Times are seconds since the boot (CLOCK_BOOTTIME), so a clock that jumps restarts nobody; a boot begins anew.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

from sage_edge.host import durable
from sage_edge.host.board_paths import Places
from sage_edge.host.clock import now_text

SILENT_S = 600.0
"""As long as images/shared/healthy.py lets a heartbeat be silent."""

LONGEST_S = 6 * 3600.0
"""The longest time between two restarts."""

LIVED_S = 3600.0
"""An agent that beat for so long after a restart is well again: the next silence begins at the shortest time."""


class WatchRecord(NamedTuple):
    """What was seen last. mark: of the agent and its newest heartbeat; since: when that was new; last: restart."""

    mark: str = ""
    since: float = 0.0
    tries: int = 0
    not_before: float = 0.0
    last: str = ""


def path(places: Places) -> Path:
    """Where the record lies: it ends with the boot."""
    return places.root / "run/sage-watch.json"


def read(places: Places) -> WatchRecord:
    """Return the record, an empty one where none can be read."""
    try:
        content = json.loads(path(places).read_bytes())
        return WatchRecord(
            str(content["mark"]),
            float(content["since"]),
            int(content["tries"]),
            float(content["not_before"]),
            str(content["last"]),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return WatchRecord()


def of_now(record: WatchRecord, now: float) -> WatchRecord:
    """Return a record as it counts now: one whose times no try of this boot can have written is none."""
    is_of_boot = record.since <= now and record.not_before <= now + LONGEST_S
    return record if is_of_boot else WatchRecord(last=record.last)


def seen(record: WatchRecord, mark: str, now: float) -> WatchRecord:
    """Return the record after a look at the agent."""
    if mark == record.mark:
        return record
    lived = now - record.not_before
    return record._replace(mark=mark, since=now, tries=0 if lived > LIVED_S else record.tries)


def is_due(record: WatchRecord, now: float) -> bool:
    """True if nothing was heard for too long, and the next try may be made."""
    return now - record.since >= SILENT_S and now >= record.not_before


def tried(record: WatchRecord, now: float) -> WatchRecord:
    """Return the record after a try: the next one waits twice as long."""
    pause = min(LONGEST_S, SILENT_S * 2 ** (record.tries + 1))
    return record._replace(since=now, tries=record.tries + 1, not_before=now + pause, last=now_text())


def write(places: Places, record: WatchRecord) -> None:
    """Replace the record."""
    durable.replace(path(places), durable.canonical(record._asdict()))
