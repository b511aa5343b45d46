"""What scorers look at: one session as questions and answers, whatever paper it was read from.

A transcript of ours and an imported paper of an older system become the same thing here; what a paper does not say is
None and never guessed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Literal

from pydantic import JsonValue

from sage_edge.names import Digest, Track
from sage_edge.records.expectation import Expectation
from sage_edge.records.transcript import FinishReason, Outcome, StepKind, Transcript
from sage_edge.records.trial import TrialPlace

UNKNOWN_MIND = "unknown"
"""The individual of an older paper that says neither its instance nor its model."""

Provenance = Literal["recorded", "legacy"]
Standing = Literal["session", "dry-run", "experiment", "superseded"]


@dataclass(frozen=True)
class Exchange:
    """One question and its answer. `turn` counts from 1 in the paper; a reply that is not `ok` is no answer.

    expected: the phrases that an older exercise listed, which have no type. stored: what the older system noted about
    the answer, verbatim, for replaying it. verbatim: what an older system stored as the answer, thinking included,
    where that is not the reply: it scored this. reminder: what the teacher said right before the question, and asks
    nothing by; no part of the prompt that is scored.
    """

    turn: int
    kind: StepKind
    prompt: str
    reply: str
    outcome: Outcome = "ok"
    finish_reason: FinishReason | None = None
    exercise: str | None = None
    expect: Expectation | None = None
    expected: tuple[str, ...] = ()
    stored: Mapping[str, JsonValue] | None = None
    verbatim: str | None = None
    reminder: str | None = None


@dataclass(frozen=True)
class Dialogue:
    """One session. `number` is None where the paper gives none; `model` is the digest, or what an older paper says.

    mind: the name under which it answers. individual: which one of its host's minds it is; sessions of two of them are
    never in one series.
    started, ended: UTC. recommendation: the one that the paper names as the reason of its intervention. standing: only
    a `session` counts in statistics. remarks: what a careful reader must know, one slug each, such as `cpu-fallback`.
    trial: which part of a trial it says that it is; None outside of one.
    """

    seal: Digest
    provenance: Provenance
    track: Track | None
    number: int | None
    label: str
    host: str | None
    mind: str
    system: str
    unit: str
    intervention: str
    exchanges: tuple[Exchange, ...]
    model: str | None = None
    started: datetime | None = None
    ended: datetime | None = None
    due: datetime | None = None
    late: bool = False
    recommendation: Digest | None = None
    standing: Standing = "session"
    remarks: tuple[str, ...] = field(default=())
    individual: str = UNKNOWN_MIND
    trial: TrialPlace | None = None

    @cached_property
    def answers(self) -> tuple[Exchange, ...]:
        """The exchanges that were answered."""
        return tuple(exchange for exchange in self.exchanges if exchange.outcome == "ok")

    @cached_property
    def replayed(self) -> tuple[Exchange, ...]:
        """What an older system took for answers: every text that it stored as one, whole, as each exchange's reply.

        Thinking and stored failures are in it; a null is not. Of a paper of ours, these are the answers.
        """
        if self.provenance == "recorded":
            return self.answers
        texts = ((exchange, _stored_as_answer(exchange)) for exchange in self.exchanges)
        return tuple(replace(exchange, reply=text) for exchange, text in texts if text is not None)


def _stored_as_answer(exchange: Exchange) -> str | None:
    if exchange.verbatim is not None:
        return exchange.verbatim
    return exchange.reply if exchange.outcome == "ok" else None


def of(transcript: Transcript) -> Dialogue:
    """Return a transcript of ours as a dialogue. What the teacher says unasked, its reminders, stands in `system`."""
    head = transcript.head
    steps = head.lesson.steps
    exchanges = tuple(
        Exchange(
            turn=number,
            kind=steps[turn.step].kind,
            prompt=steps[turn.step].prompt,
            reply=turn.reply,
            outcome=turn.outcome,
            finish_reason=turn.finish_reason,
            exercise=steps[turn.step].exercise,
            expect=steps[turn.step].expect,
            reminder=steps[turn.step].reminder,
        )
        for number, turn in enumerate(transcript.turns, start=1)
    )
    return Dialogue(
        seal=transcript.seal,
        provenance="recorded",
        track=transcript.track,
        number=head.session.number,
        label=str(head.session),
        host=str(head.host),
        mind=head.mind,
        individual=head.mind,
        system="\n".join((head.lesson.system, *dict.fromkeys(step.reminder for step in steps if step.reminder))),
        unit=head.lesson.unit,
        intervention=f"{head.intervention.name}/{head.intervention.version}",
        exchanges=exchanges,
        model=str(head.model.digest),
        started=head.started,
        ended=transcript.closing.ended,
        due=head.slot.due if head.slot else None,
        late=head.slot.late if head.slot else False,
        recommendation=head.intervention.recommendation,
        trial=head.trial,
        remarks=() if transcript.closing.ending == "complete" else (transcript.closing.ending,),
    )
