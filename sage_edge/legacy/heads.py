"""What a file says of a session as a whole → the head of its paper."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from pydantic import JsonValue

from sage_edge.legacy import times
from sage_edge.legacy.host_names import slug
from sage_edge.legacy.times import Reading
from sage_edge.legacy.vocabulary import is_asker
from sage_edge.names import Slug
from sage_edge.records.base import Moment
from sage_edge.records.legacy import LegacyWords

_STARTS = ("start", "started", "started_at", "start_time", "begin")
_ENDS = ("end", "ended", "ended_at", "end_time", "finished", "completed_at")
_ELSE = ("timestamp", "created_at", "time")
_FALLBACK = "cpu_fallback"

Chain = Sequence[Mapping[str, JsonValue]]
"""The objects around the turns, nearest first."""


@dataclass
class When:
    """Start and end in UTC, as far as the file says them."""

    started: Moment | None = None
    ended: Moment | None = None
    assumed_zone: str | None = None
    repairs: list[str] = field(default_factory=list)
    remarks: list[Slug] = field(default_factory=list)


def when(chain: Chain, words: Iterable[LegacyWords]) -> When:
    """Return when a session was. Raises times.ZoneMissing."""
    said = When()
    start, end = _time(chain, _STARTS, said), _time(chain, _ENDS, said)
    if start is None:
        start = _start_otherwise(chain, words, said)
    said.started, said.ended = (one.moment if one else None for one in (start, end))
    if said.started and said.ended and said.ended < said.started:
        if end and end.later and end.later >= said.started:
            said.ended = end.later
            said.repairs.append("the later reading of its end was taken, for it would end before it starts")
        else:
            said.repairs.append("it ends before it starts; both times stand as the file has them")
    if any(one is not None and one.is_assumed for one in (start, end)):
        said.assumed_zone = times.ZONE
    return said


def _start_otherwise(chain: Chain, words: Iterable[LegacyWords], said: When) -> Reading | None:
    day, clock = value(chain, "date"), value(chain, "time")
    if joined := times.joined(day, clock):
        return _read(joined, said)
    if reading := _time(chain, _ELSE, said):
        said.repairs.append("the file gives no start; its only time stands for it")
        return reading
    if day is not None and (reading := _read(day, said)):
        return reading
    if isinstance(day, str) and day.strip():
        said.remarks.append(Slug("no-time-of-day"))
    for stamp in (one.stored.get("timestamp") for one in words if one.stored and one.stored.get("timestamp")):
        if (found := times.read(stamp)).moment is not None:
            said.repairs.append("the file gives no start; the time of its first turn stands for it")
            return found
    return None


def _time(chain: Chain, keys: Sequence[str], said: When) -> Reading | None:
    """Return the first readable time under one of the keys; what is none is told."""
    for one in chain:
        for key in keys:
            if one.get(key) is not None and (reading := _read(one[key], said)):
                return reading
    return None


def _read(raw: JsonValue, said: When) -> Reading | None:
    reading = times.read(raw)
    if reading.repair:
        said.repairs.append(reading.repair)
    return reading if reading.moment is not None else None


def text(chain: Chain, *keys: str) -> str | None:
    """Return the first text under one of the keys that is not empty."""
    for one in chain:
        for key in keys:
            if isinstance(found := one.get(key), str) and found.strip():
                return found.strip()
    return None


def selves(chain: Chain) -> frozenset[str]:
    """Names that the file gives its mind, its machine or its model; nobody's who is known to ask."""
    identity = value(chain, "identity")
    named = [text((identity,), "name")] if isinstance(identity, dict) else []
    named += [text(chain, key) for key in ("identity", "machine", "model", "model_family")]
    return frozenset(name for name in named if name and not is_asker(name))


def unit(chain: Chain) -> Slug | None:
    """The skill or the phase."""
    for one in chain:
        for key in ("skill_name", "skill_track", "phase", "phase_name"):
            if found := slug(one.get(key)):
                return found
    return None


def intervention(chain: Chain) -> Slug | None:
    """The generation mode, else the intervention, else the anchoring, as the file says it."""
    return slug(text(chain, "generation_mode", "intervention", "identity_anchoring"))


def remarks(chain: Chain, host: str | None, model: str | None) -> list[Slug]:
    """What a careful reader must know of how a session came about."""
    found = []
    mode = text(chain, "generation_mode") or ""
    if value(chain, _FALLBACK) is True or _FALLBACK in mode.lower():
        found.append(Slug("cpu-fallback"))
    if host is None and model is None:
        found.append(Slug("no-provenance"))
    if model is not None and model.startswith(("/", ".")):
        found.append(Slug("model-is-a-path"))
    if text(chain, "experiment") or isinstance(value(chain, "experiment"), dict):
        found.append(Slug("speaks-of-an-experiment"))
    return found


def value(chain: Chain, *keys: str) -> JsonValue:
    """Return the first value under one of the keys that is not null."""
    return next((one[key] for one in chain for key in keys if one.get(key) is not None), None)
