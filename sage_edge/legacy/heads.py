"""Metadata of a legacy session file (host, model, times, unit) → the head of its paper."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from pydantic import JsonValue

from sage_edge.legacy import times, turn_pairs
from sage_edge.legacy.host_names import slug
from sage_edge.legacy.times import TimeReading
from sage_edge.legacy.vocabulary import is_asker
from sage_edge.names import Slug
from sage_edge.records.base import Moment
from sage_edge.records.legacy import LegacyWords

_STARTS = ("start", "started", "started_at", "start_time", "begin")
_ENDS = ("end", "ended", "ended_at", "end_time", "finished", "completed_at")
_ELSE = ("timestamp", "created_at", "time")
_MODELS = ("model", "model_name", "model_id")
_FALLBACK = "cpu_fallback"

EnclosingObjects = Sequence[Mapping[str, JsonValue]]
"""The objects around the turns, nearest first."""


@dataclass
class When:
    """Start and end in UTC, as far as the file says them."""

    started: Moment | None = None
    ended: Moment | None = None
    assumed_zone: str | None = None
    repairs: list[str] = field(default_factory=list)
    remarks: list[Slug] = field(default_factory=list)


def when(chain: EnclosingObjects, words: Iterable[LegacyWords]) -> When:
    """Return when a session was. Raises ZoneMissing."""
    moments = When()
    start, end = _time(chain, _STARTS, moments), _time(chain, _ENDS, moments)
    if start is None:
        start = _start_otherwise(chain, words, moments)
    moments.started, moments.ended = (reading.moment if reading else None for reading in (start, end))
    if moments.started and moments.ended and moments.ended < moments.started:
        if end and end.later and end.later >= moments.started:
            moments.ended = end.later
            moments.repairs.append("the later reading of its end was taken, for it would end before it starts")
        else:
            moments.repairs.append("it ends before it starts; both times stand as the file has them")
    if any(reading is not None and reading.is_assumed for reading in (start, end)):
        moments.assumed_zone = times.ZONE
    return moments


def _start_otherwise(chain: EnclosingObjects, words: Iterable[LegacyWords], moments: When) -> TimeReading | None:
    day, clock = value(chain, "date"), value(chain, "time")
    if joined := times.joined(day, clock):
        return _read(joined, moments)
    if reading := _time(chain, _ELSE, moments):
        moments.repairs.append("the file gives no start; its only time stands for it")
        return reading
    if day is not None and (reading := _read(day, moments)):
        return reading
    if isinstance(day, str) and day.strip():
        moments.remarks.append(Slug("no-time-of-day"))
    readings = (times.of_item(noted) for spoken in words for noted in _noted(spoken))
    timed = [(reading.moment, reading) for reading in readings if reading.moment is not None]
    if not timed:
        return None
    _, first = min(timed, key=lambda pair: pair[0])
    moments.repairs.append("the file gives no start; the earliest time of its turns stands for it")
    return first


def _noted(spoken: LegacyWords) -> list[JsonValue]:
    """Return what the file noted beside an answer, its question and its thoughts."""
    stored = spoken.stored or {}
    thoughts = stored.get(turn_pairs.THOUGHT)
    return [stored, stored.get(turn_pairs.QUESTION), *(thoughts if isinstance(thoughts, list) else [])]


def _time(chain: EnclosingObjects, keys: Sequence[str], moments: When) -> TimeReading | None:
    """Return the first readable time under one of the keys; what is none is told."""
    for level in chain:
        for key in keys:
            if level.get(key) is not None and (reading := _read(level[key], moments)):
                return reading
    return None


def _read(raw: JsonValue, moments: When) -> TimeReading | None:
    reading = times.read(raw)
    if reading.repair:
        moments.repairs.append(reading.repair)
    return reading if reading.moment is not None else None


def text(chain: EnclosingObjects, *keys: str) -> str | None:
    """Return the first text under one of the keys that is not empty."""
    for level in chain:
        for key in keys:
            if isinstance(value := level.get(key), str) and value.strip():
                return value.strip()
    return None


def model(chain: EnclosingObjects) -> str | None:
    """Return what the file calls the model: a text, or the name within an object."""
    for level in chain:
        for key in _MODELS:
            inner = level.get(key)
            if (
                name := text((inner,), "name", "id", "model", "path")
                if isinstance(inner, dict)
                else text((level,), key)
            ):
                return name
    return None


def selves(chain: EnclosingObjects) -> frozenset[str]:
    """Names that the file gives its mind, its machine or its model; nobody's who is known to ask."""
    identity = value(chain, "identity")
    named = [text((identity,), "name")] if isinstance(identity, dict) else []
    named += [text(chain, key) for key in ("identity", "machine", "model", "model_family")]
    return frozenset(name for name in named if name and not is_asker(name))


def unit(chain: EnclosingObjects) -> Slug | None:
    """The skill or the phase."""
    for level in chain:
        for key in ("skill_name", "skill_track", "phase", "phase_name"):
            if name := slug(level.get(key)):
                return name
    return None


def intervention(chain: EnclosingObjects) -> Slug | None:
    """The generation mode, else the intervention, else the anchoring, as the file says it."""
    return slug(text(chain, "generation_mode", "intervention", "identity_anchoring"))


def remarks(chain: EnclosingObjects, host: str | None, model: str | None) -> list[Slug]:
    """What a careful reader must know of how a session came about."""
    slugs = []
    mode = text(chain, "generation_mode") or ""
    if value(chain, _FALLBACK) is True or _FALLBACK in mode.lower():
        slugs.append(Slug("cpu-fallback"))
    if host is None and model is None:
        slugs.append(Slug("no-provenance"))
    if model is not None and model.startswith(("/", ".")):
        slugs.append(Slug("model-is-a-path"))
    if text(chain, "experiment") or isinstance(value(chain, "experiment"), dict):
        slugs.append(Slug("speaks-of-an-experiment"))
    return slugs


def value(chain: EnclosingObjects, *keys: str) -> JsonValue:
    """Return the first value under one of the keys that is not null."""
    return next((level[key] for level in chain for key in keys if level.get(key) is not None), None)
