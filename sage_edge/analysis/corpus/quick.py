"""A transcript of ours read without its models, where it is written exactly as they would write it.

Reading is a good part of what a large corpus costs, and most of reading is making objects that are dropped at once.
Here the parsed JSON itself is held against the chain, key by key and type by type. Whoever passes has a whole chain
and would pass records.transcript as well, with the same content; a test proves it on changed papers. Whatever is
unusual, even if it is allowed, is not judged here: None says so, and the models judge it.
"""

from __future__ import annotations

import functools
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from itertools import pairwise
from typing import Any, get_args

from pydantic import TypeAdapter

from sage_edge.clock import TimeSource
from sage_edge.names import Digest, HostName, ModelRef, RoleName, SessionId, Slug
from sage_edge.records import transcript
from sage_edge.records.base import canonical
from sage_edge.records.dialogue import Dialogue, Exchange
from sage_edge.records.expectation import Expectation

Raw = Mapping[str, Any]

_KEYS = {kind: frozenset(kind.model_fields) for kind in (
    transcript.Transcript, transcript.Head, transcript.Turn, transcript.Closing, transcript.Lesson, transcript.Step,
    transcript.Slot, transcript.Intervention, transcript.ModelId, transcript.EngineId, transcript.Sampling,
)}  # fmt: skip
_WHOLE, _HEAD, _TURN, _CLOSING, _LESSON, _STEP, _SLOT, _INTERVENTION, _MODEL, _ENGINE, _SAMPLING = _KEYS.values()
_HEAD -= {"image"}
_KINDS, _OUTCOMES = frozenset(get_args(transcript.StepKind)), frozenset(get_args(transcript.Outcome))
_REASONS = frozenset((None, *get_args(transcript.FinishReason)))
_ENDINGS, _SOURCES = frozenset(get_args(transcript.Ending)), frozenset(get_args(TimeSource))
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}\+00:00")
_SEEDS, _LARGEST = 1 << 32, 1 << 53
_EXPECTATION: TypeAdapter[Expectation] = TypeAdapter(Expectation)


class _Unusual(Exception):
    """Not what is judged here."""


def read(data: bytes) -> tuple[Dialogue, bool] | None:
    """Return a whole transcript as a dialogue, and whether its times run forward; None to have it judged elsewhere."""
    try:
        raw = json.loads(data.decode("utf-8"))
        _require(type(raw) is dict and raw.keys() == _WHOLE)
        return _dialogue(raw)
    except (_Unusual, ValueError, TypeError, LookupError, AttributeError, RecursionError):
        return None


def _dialogue(raw: Raw) -> tuple[Dialogue, bool]:
    head, turns, closing = raw["head"], raw["turns"], raw["closing"]
    _require(type(turns) is list)
    seal = _chain(head, turns, closing)
    _require(raw["seal"] == seal)
    lesson, slot, intervention = _head(head)
    steps = lesson["steps"]
    started, ended = _moment(head["started"]), _moment(closing["ended"])
    asked = [turn["asked"] for turn in turns]  # of one width and in UTC, so text is in order when times are
    session = SessionId(head["session"])
    recommendation = intervention["recommendation"]
    told = Dialogue(
        seal=Digest(seal),
        provenance="recorded",
        track=session.track,
        number=session.number,
        label=str(session),
        host=head["host"],
        mind=head["mind"],
        system=lesson["system"],
        unit=lesson["unit"],
        intervention=f"{intervention['name']}/{intervention['version']}",
        exchanges=tuple([_exchange(number, turn, steps) for number, turn in enumerate(turns, start=1)]),
        model=head["model"]["digest"],
        started=started,
        ended=ended,
        due=_moment(slot["due"]) if slot else None,
        late=slot["late"] if slot else False,
        recommendation=None if recommendation is None else Digest(recommendation),
        remarks=() if closing["ending"] == "complete" else (closing["ending"],),
    )
    return told, all(one <= other for one, other in pairwise((head["started"], *asked, closing["ended"])))


def _chain(head: Raw, turns: Sequence[Raw], closing: Raw) -> str:
    """The seal, if every link holds."""
    link = _digest(head)
    for turn in turns:
        _require(type(turn) is dict and turn["previous"] == link)
        link = _digest(turn)
    _require(type(closing) is dict and closing.keys() == _CLOSING and closing["previous"] == link)
    _require(type(closing["turns"]) is int and closing["turns"] == len(turns))
    _require(closing["ending"] in _ENDINGS and _count(closing["resumed"]))
    return _digest(closing)


def _digest(part: Raw) -> str:
    return f"sha256:{hashlib.sha256(canonical(part)).hexdigest()}"


def _head(head: Raw) -> tuple[Raw, Raw | None, Raw]:
    """Lesson, slot and intervention of a head that is as it must be."""
    _require(type(head) is dict and head.keys() == _HEAD and type(head["format"]) is int and head["format"] == 1)
    HostName(head["host"]), RoleName(head["role"]), Slug(head["board"])
    _require(type(head["mind"]) is str and type(head["release"]) is str and head["time_source"] in _SOURCES)
    _require(_is(int, head["seed"]) and 0 <= head["seed"] < _SEEDS)
    model, engine = _part(head["model"], _MODEL), _part(head["engine"], _ENGINE)
    ModelRef(model["ref"]), Digest(model["digest"]), Slug(engine["name"])
    _require(type(engine["version"]) is str and _flat(engine["settings"]))
    _sampling(_part(head["sampling"], _SAMPLING))
    intervention = _part(head["intervention"], _INTERVENTION)
    Slug(intervention["name"])
    _require(_small(intervention["version"]) and _flat(intervention["parameters"]))
    lesson = _part(head["lesson"], _LESSON)
    Digest(lesson["curriculum"])
    _require(type(lesson["unit"]) is str and type(lesson["system"]) is str and lesson["system"] != "")
    _require(type(lesson["steps"]) is list and lesson["steps"] != [])
    for step in lesson["steps"]:
        _require(step.keys() == _STEP and step["kind"] in _KINDS and type(step["fresh"]) is bool)
        _require(type(step["prompt"]) is str and step["prompt"] != "")
    slot = head["slot"]
    _require(slot is None or type(_part(slot, _SLOT)["late"]) is bool)
    return lesson, slot, intervention


def _sampling(drawn: Raw) -> None:
    shares = ("temperature", 2), ("top_p", 1), ("min_p", 1), ("repeat_penalty", 2)
    _require(all(_is(float, drawn[name]) and 0 <= drawn[name] <= most for name, most in shares))
    _require(drawn["top_p"] > 0 and drawn["repeat_penalty"] > 0 and _count(drawn["top_k"]))
    _require(_is(int, drawn["max_tokens"]) and 1 <= drawn["max_tokens"] <= 8192)


def _exchange(number: int, turn: Raw, steps: Sequence[Raw]) -> Exchange:
    place, attempt, reply, error, asked = (turn[key] for key in ("step", "attempt", "reply", "error", "asked"))
    counts = (place, attempt, turn["prompt_tokens"], turn["reused_tokens"], turn["completion_tokens"], turn["seed"])
    took, first, logprob = turn["duration_s"], turn["ttft_s"], turn["mean_logprob"]
    # one expression and types alone: this line is passed by every turn of a corpus
    _require(
        turn.keys() == _TURN
        and {*map(type, counts)} == {int}
        and min(counts) >= 0
        and attempt >= 1
        and max(counts) < _LARGEST
        and turn["seed"] < _SEEDS
        and place < len(steps)
        and type(reply) is str
        and (error is None or type(error) is str)
        and type(asked) is str
        and turn["outcome"] in _OUTCOMES
        and turn["finish_reason"] in _REASONS
        and type(took) is float
        and took >= 0
        and (first is None or (type(first) is float and first >= 0))
        and (logprob is None or type(logprob) is float)
        and _MOMENT.fullmatch(asked) is not None
    )
    datetime.fromisoformat(asked)
    step = steps[place]
    exercise, expect = step["exercise"], step["expect"]
    return Exchange(
        number, step["kind"], step["prompt"], reply, turn["outcome"], turn["finish_reason"],
        None if exercise is None else Slug(exercise),
        None if expect is None else _expectation(json.dumps(expect, ensure_ascii=False)),
    )  # fmt: skip


@functools.lru_cache(maxsize=4096)
def _expectation(written: str) -> Expectation:
    """An expectation that is written as its model would write it. The same ones come again in every session."""
    found = _EXPECTATION.validate_json(written)
    _require(json.dumps(_EXPECTATION.dump_python(found, mode="json"), ensure_ascii=False) == written)
    return found


def _moment(written: object) -> datetime:
    _require(type(written) is str and _MOMENT.fullmatch(written) is not None)
    return datetime.fromisoformat(str(written)).replace(tzinfo=timezone.utc)


def _part(value: Any, keys: frozenset[str]) -> Raw:
    _require(type(value) is dict and value.keys() == keys)
    part: Raw = value
    return part


def _flat(value: Any) -> bool:
    """True for an object of plain values and lists of them: nothing so deep that one reader gives up before another."""
    return type(value) is dict and all(
        _plain(one) or (type(one) is list and all(map(_plain, one))) for one in value.values()
    )


def _plain(value: Any) -> bool:
    return value is None or type(value) in (str, bool, float) or _small(value)


def _small(value: Any) -> bool:
    return type(value) is int and -_LARGEST < value < _LARGEST


def _count(value: Any) -> bool:
    return type(value) is int and 0 <= value < _LARGEST


def _is(kind: type, value: Any) -> bool:
    """True for exactly this type: a model writes 1 as 1.0, and reads true as no number."""
    return type(value) is kind


def _require(holds: bool) -> None:
    if not holds:
        raise _Unusual
