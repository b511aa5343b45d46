"""What is kept of a session when its words are dropped: who, when, under what, and the measures of each answer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sage_edge import clock
from sage_edge.analysis.corpus.packing import opened, sealed
from sage_edge.names import Digest
from sage_edge.records.dialogue import Dialogue
from sage_edge.records.transcript import FinishReason, Outcome, StepKind

COLUMNS = (
    "seal", "provenance", "track", "number", "label", "host", "mind", "unit", "intervention", "model", "started",
    "ended", "due", "late", "recommendation", "standing", "remarks",
)  # fmt: skip

UNKNOWN = "unknown"
"""How a host is named whose paper does not say it."""

Row = tuple[Any, ...]
"""A header as a database keeps it, in the order of COLUMNS."""


@dataclass(frozen=True)
class Answer:
    """One exchange without its words. words: split at white space. stopped: it ends with . ! ? or a quotation mark.

    evaluated: what an older system noted about it, the keys only.
    """

    turn: int
    kind: StepKind
    outcome: Outcome
    finish_reason: FinishReason | None
    exercise: str | None
    words: int
    characters: int
    stopped: bool
    evaluated: tuple[str, ...]


def to_row(told: Dialogue) -> Row:
    """Return a session's header as a row."""
    return (
        str(told.seal), told.provenance, told.track, told.number, told.label, told.host or UNKNOWN, told.mind,
        str(told.unit), str(told.intervention), told.model, _text(told.started), _text(told.ended),
        _text(told.due), int(told.late), told.recommendation and str(told.recommendation), told.standing,
        "\n".join(told.remarks),
    )  # fmt: skip


def from_row(row: Row) -> Dialogue:
    """Return a header: the session without its words. The row is known to be whole."""
    (seal, provenance, track, number, label, host, mind, unit, intervention, model, started, ended, due, late,
     recommendation, standing, remarks) = row  # fmt: skip
    return Dialogue(
        seal=Digest(seal), provenance=provenance, track=track, number=number, label=label, host=host, mind=mind,
        system="", unit=unit, intervention=intervention, exchanges=(), model=model, started=_moment(started),
        ended=_moment(ended), due=_moment(due), late=bool(late),
        recommendation=Digest(recommendation) if recommendation else None, standing=standing,
        remarks=tuple(remarks.split("\n")) if remarks else (),
    )  # fmt: skip


def seal_of(row: Row) -> bytes:
    """Return the checksum of a row."""
    return sealed(b"", repr(row).encode("utf-8", "backslashreplace"))


def check(row: Row, checksum: object) -> None:
    """Raise Damaged unless the row is what it was."""
    opened(checksum, repr(row).encode("utf-8", "backslashreplace"))


def to_bytes(told: Dialogue) -> bytes:
    """Return the measures of a session's answers, sealed with the session's own seal."""
    listed = [
        (one.turn, one.kind, one.outcome, one.finish_reason, one.exercise, len(one.reply.split()), len(one.reply),
         one.reply.rstrip().endswith(_STOPS), sorted(one.stored or ()))
        for one in told.exchanges
    ]  # fmt: skip
    return sealed(json.dumps(listed).encode(), told.seal.encode())


_STOPS = (".", "!", "?", '"')


def from_bytes(kept: object, seal: str) -> Iterator[Answer]:
    """Yield the measures of a session's answers. Raises packing.Damaged."""
    for one in json.loads(opened(kept, seal.encode())):
        turn, kind, outcome, finish_reason, exercise, words, characters, stopped, evaluated = one
        yield Answer(turn, kind, outcome, finish_reason, exercise, words, characters, stopped, tuple(evaluated))


def _text(moment: datetime | None) -> str | None:
    return clock.text(moment) if moment else None


def _moment(written: str | None) -> datetime | None:
    return datetime.fromisoformat(written) if written else None
