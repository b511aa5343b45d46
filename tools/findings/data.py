"""The numbers that are kept beside the page: what each answer of each session came to, and nothing more.

docs/first-findings.json    format 1, a line for each session, so that two studies can be compared line by line

Every interval on the page follows from this file alone; the transcripts are made again by the command that it names.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Literal

from pydantic import Field, JsonValue

from sage_edge import files
from sage_edge.errors import UsageError
from sage_edge.hints import invoke
from sage_edge.names import Digest, ModelRef, SessionId, Slug
from sage_edge.records.base import Record, parse
from sage_edge.sampling import Sampling

PLACES = 4
"""Decimal places of a mark that is neither 0 nor 1."""


class MeasuredBy(Record):
    """What an outcome was measured by; two numbers are comparable only if the definition is the same.

    evidence: how well it agrees with people, as the scorer itself says; empty where nobody has looked.
    """

    name: Slug
    scorer: Slug
    version: int = Field(ge=1)
    quantity: Slug
    kind: Literal["rate", "mean", "whole"]
    definition: Digest
    evidence: str = ""

    @property
    def of(self) -> str:
        """`identity/1 rate`."""
        return f"{self.scorer}/{self.version} {self.quantity}"


class StudySession(Record):
    """One session of an arm. words, marks: one number for each answer; marks by the outcome's name.

    turns: SHA-256 over what was asked and answered, to the token; equal where a session came out the same again.
    """

    session: SessionId
    unit: str
    answers: int = Field(ge=1)
    cut: int = Field(ge=0)
    words: tuple[int, ...]
    marks: dict[Slug, tuple[float, ...]]
    turns: Digest


class StudyArm(Record):
    """All sessions of one life, oldest first. system: what the mind was told before its second session."""

    name: Slug
    model: ModelRef
    weights: Digest
    intervention: Slug
    version: int
    system: str
    sessions: tuple[StudySession, ...]


class Place(Record):
    """One place of the study, and what each arm answered there."""

    session: SessionId
    turn: int = Field(ge=1)
    question: str
    answers: dict[Slug, str]


class Made(Record):
    """What the sessions were made with: everything that the numbers depend on but the weights."""

    host: str
    mind: str
    curriculum: Digest
    engine: str
    settings: dict[str, JsonValue]
    sampling: Sampling
    machine: str
    libraries: dict[str, str]


class StudyData(Record):
    """The whole file."""

    format: Literal[1] = 1
    made: Made
    outcomes: tuple[MeasuredBy, ...]
    arms: tuple[StudyArm, ...]
    places: tuple[Place, ...]


def read(path: Path) -> StudyData:
    """Return the kept numbers. Raises UsageError when there are none that can be read."""
    try:
        return parse(StudyData, path.read_bytes())
    except (OSError, ValueError) as unreadable:
        raise UsageError(f"{path.name} cannot be read: {unreadable}", hint=invoke("findings")) from None


def write(data: StudyData, path: Path) -> None:
    """Keep the numbers."""
    files.write_atomic(path, text(data).encode())


def text(data: StudyData) -> str:
    """Return the file's content: the same data give the same bytes."""
    dumped = data.model_dump(mode="json")
    del dumped["arms"]
    heads = [f' "{key}": {_line(value)}' for key, value in dumped.items()]
    arms = ",\n".join(map(_arm, data.arms))
    return "{\n" + ",\n".join((*heads, f' "arms": [\n{arms}\n ]')) + "\n}\n"


def _arm(arm: StudyArm) -> str:
    head = arm.model_dump(mode="json", exclude={"sessions"})
    rows = ",\n".join(f"   {_line(session.model_dump(mode='json'))}" for session in arm.sessions)
    return f'  {_line(head)[:-1]}, "sessions": [\n{rows}\n  ]}}'


def _line(value: object) -> str:
    return json.dumps(_short(value), ensure_ascii=False, allow_nan=False)


def _short(value: object) -> object:
    """A mark of 1.0 is written 1, so that a line stays short."""
    if isinstance(value, dict):
        return {key: _short(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_short(inner) for inner in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
