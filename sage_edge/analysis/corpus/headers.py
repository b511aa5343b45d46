"""What is kept of a session when its words are dropped: who, when, under what, and the measures of each answer."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from pydantic import TypeAdapter

from sage_edge.records.dialogue import Dialogue
from sage_edge.records.transcript import FinishReason, Outcome, StepKind

UNKNOWN = "unknown"
"""How a host is named whose paper does not say it."""

_STOPS = (".", "!", "?", '"')


@dataclass(frozen=True)
class MeasuredAnswer:
    """One exchange without its words. words: split at white space. stopped: it ends with . ! ? or a quotation mark.

    evaluated: what an older system noted about it, the keys only.
    """

    turn: int
    kind: StepKind
    outcome: Outcome
    finish_reason: FinishReason | None
    exercise: str | None
    words: int
    stopped: bool
    evaluated: tuple[str, ...]


_HEADER = TypeAdapter(Dialogue)
_ANSWERS = TypeAdapter(tuple[MeasuredAnswer, ...])


def header_json(dialogue: Dialogue) -> str:
    """Return a session without its words, as JSON."""
    header = dataclasses.replace(dialogue, exchanges=(), system="", host=dialogue.host or UNKNOWN)
    return _HEADER.dump_json(header).decode("utf-8")


def header_from(kept: str) -> Dialogue:
    """Return the session that `header_json` was given, without its words."""
    return _HEADER.validate_json(kept)


def answers_json(dialogue: Dialogue) -> str:
    """Return the measures of a session's answers, as JSON."""
    answers = tuple(
        MeasuredAnswer(
            turn=exchange.turn,
            kind=exchange.kind,
            outcome=exchange.outcome,
            finish_reason=exchange.finish_reason,
            exercise=exchange.exercise,
            words=len(exchange.reply.split()),
            stopped=exchange.reply.rstrip().endswith(_STOPS),
            evaluated=tuple(sorted(exchange.stored or ())),
        )
        for exchange in dialogue.exchanges
    )
    return _ANSWERS.dump_json(answers).decode("utf-8")


def answers_from(kept: str) -> tuple[MeasuredAnswer, ...]:
    """Return the measures that `answers_json` made."""
    return _ANSWERS.validate_json(kept)
