"""The counters in a state file of the older system, wherever they stand, and the time that it holds.

A counter is a whole number whose name counts something: `session_count`, `relationships.claude.sessions`,
`current_phase`. A limit, a size or a version is none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from pydantic import JsonValue

from sage_edge.legacy import times

MOST = 200
"""Counters of one file that are looked at; the largest state file known has 23."""

_SESSIONS = frozenset(("session", "sessions"))
_COUNTED = _SESSIONS.union(
    ("count", "counts", "counter", "total", "totals", "number", "exchanges", "turns", "interactions", "conversations"),
    ("cycle", "cycles", "phase"),
)
_LIMITS = frozenset(
    ("min", "max", "limit", "size", "threshold", "target", "per", "progress", "version", "seed", "previous", "first")
)
_TIMES = frozenset(("last_updated", "updated_at", "updated", "saved_at", "timestamp")).union(
    ("last_session", "last_session_date", "last_contact")
)
_DEEPEST = 6


def counters(document: JsonValue) -> dict[str, int]:
    """Return path → number of each counter, at most MOST of them."""
    numbers: dict[str, int] = {}
    for path, name, value in _leaves(document, "", 0):
        words = set(name.lower().split("_"))
        is_whole = isinstance(value, int) and not isinstance(value, bool)
        if isinstance(value, int) and is_whole and words & _COUNTED and not words & _LIMITS:
            numbers[path] = value
    return dict(list(numbers.items())[:MOST])


def counts_sessions(path: str) -> bool:
    """Whether a counter counts sessions, which come one by one."""
    return not _SESSIONS.isdisjoint(path.rpartition(".")[2].lower().split("_"))


def held_time(document: JsonValue) -> datetime | None:
    """Return the latest time of change that a state file holds, in UTC; None where it holds none."""
    stamps = (value for _, name, value in _leaves(document, "", 0) if name in _TIMES and isinstance(value, str))
    moments = (times.read(stamp).moment for stamp in stamps)
    return max((moment for moment in moments if moment is not None), default=None)


def _leaves(value: JsonValue, path: str, depth: int) -> Iterator[tuple[str, str, JsonValue]]:
    """Path, name and value of whatever stands in objects; lists hold records of the past, and are left out."""
    if not isinstance(value, Mapping) or depth > _DEEPEST:
        return
    for name, inner in value.items():
        if isinstance(inner, dict):
            yield from _leaves(inner, f"{path}{name}.", depth + 1)
        elif not isinstance(inner, list):
            yield f"{path}{name}", name, inner
