"""Since when each branch stands where it is: a hub that shows old things breaks no rule, but nothing moves on it.

    exchange.git/heard.json    replaced when a branch has moved
    {"thor": {"tip": "0a1b…", "at": "2026-11-20T06:00:00.000+00:00"}}

at: when this machine first heard of that tip, by its own clock; what others say of the time counts for nothing here.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from pydantic import TypeAdapter, ValidationError

from sage_edge import files
from sage_edge.exchange.commands import Clone
from sage_edge.records.base import Moment, Record

_FILE = "heard.json"


class HeardTip(Record):
    """One branch's tip, and when it was first heard of."""

    tip: str
    at: Moment


_HEARD = TypeAdapter(dict[str, HeardTip])


def note(clone: Clone, tips: Mapping[str, str], at: datetime) -> None:
    """Remember the branches that have moved. tips: host → commit. Raises StorageError.

    What was noted by a clock that was ahead is noted anew: nobody waits for the future.
    """
    before = since(clone)
    now = {
        host: known
        if (known := before.get(host)) is not None and known.tip == tip and known.at <= at
        else HeardTip(tip=tip, at=at)
        for host, tip in tips.items()
    }
    if now != before:
        place = clone.repository / _FILE
        if place.is_dir():  # damage at home: what stood there is lost, and nothing is to end for it
            files.remove(place)
        files.write_atomic(place, _HEARD.dump_json(now))


def since(clone: Clone) -> Mapping[str, HeardTip]:
    """Return since when each branch stands where it is; nothing where that was lost."""
    try:
        return _HEARD.validate_json((clone.repository / _FILE).read_bytes())
    except (OSError, ValidationError):
        return {}
