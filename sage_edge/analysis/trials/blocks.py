"""The sessions of a trial, each where the allocation puts it: whole blocks with their numbers, and what is left out.

A session is analysed in the arm that was allocated, whatever it ran under. A block counts once each of its counted
sessions has a number; one of which a session failed, has no finding or answered nothing that counts is left out whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from sage_edge import scorers
from sage_edge.analysis.findings import Examined
from sage_edge.names import Digest, SessionId, Slug
from sage_edge.records import dialogue
from sage_edge.records.trial import Trial, TrialOutcome, TrialPlace
from sage_edge.trials import allocation


@dataclass(frozen=True)
class TrialSession:
    """One session number of a trial, and the examined session of it, if there is one."""

    place: TrialPlace
    session: SessionId
    examined: Examined | None


@dataclass(frozen=True)
class TrialBlock:
    """The counted sessions of one block, by arm."""

    number: int
    sessions: Mapping[Slug, TrialSession]

    def lacking(self) -> str:
        """Return the first reason why it does not count; empty where it is whole."""
        gone = next((each.session for each in self.sessions.values() if each.examined is None), None)
        return f"block {self.number + 1}: {gone} failed or has no finding" if gone else ""


@dataclass
class BlockValues:
    """One outcome over the blocks of a trial: oriented differences from the control, arm by arm."""

    differences: dict[Slug, list[float]] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)
    used: list[Digest] = field(default_factory=list)


def sessions(trial: Trial, first: SessionId, examined: Sequence[Examined], last: int) -> tuple[TrialSession, ...]:
    """Return the trial's sessions up to the number `last`, in order. first: the first one of the trial."""
    by_id = {paper.session: paper for paper in examined if paper.finding.subject == trial.to}
    ids = ((place, SessionId.of(first.letter, first.number + at)) for at, place in enumerate(allocation.places(trial)))
    return tuple(TrialSession(place, session, by_id.get(session)) for place, session in ids if session.number <= last)


def over(trial: Trial, held: Sequence[TrialSession]) -> tuple[TrialBlock, ...]:
    """Return the blocks whose sessions all have been, in order, whole or not."""
    grouped = ((number, tuple(group)) for number, group in groupby(held, lambda each: each.place.block))
    return tuple(
        TrialBlock(number, {each.place.arm: each for each in group if each.place.counted})
        for number, group in grouped
        if len(group) == trial.design.block_sessions
    )


def values(trial: Trial, blocks: Sequence[TrialBlock], outcome: TrialOutcome) -> BlockValues:
    """Return what an outcome was in each whole block. Raises ValueError where a transcript cannot be read."""
    control, kept = trial.design.control.name, BlockValues()
    kept.differences = {arm.name: [] for arm in trial.design.arms[1:]}
    for block in blocks:
        if lacking := block.lacking():
            kept.left_out.append(lacking)
            continue
        numbers = {arm: _value(each, outcome) for arm, each in block.sessions.items()}
        silent = next((block.sessions[arm].session for arm, value in numbers.items() if value is None), None)
        if silent is not None:
            of = f"{outcome.scorer}/{outcome.version} {outcome.quantity}"
            kept.left_out.append(f"block {block.number + 1}: {silent} has no {of}")
            continue
        for arm, row in kept.differences.items():
            row.append(outcome.oriented(numbers[arm] or 0.0, numbers[control] or 0.0))
        kept.used += [each.examined.finding.transcript for each in block.sessions.values() if each.examined]
    return kept


def deviations(trial: Trial, held: Sequence[TrialSession]) -> Iterator[str]:
    """Yield what was not as allocated, session by session. Raises ValueError where a transcript cannot be read."""
    for each in held:
        if each.examined is None:
            continue
        head, arm = each.examined.transcript.head, trial.design.arm(each.place.arm)
        ran = (head.intervention.name, head.intervention.version, head.intervention.parameters)
        if ran != (arm.intervention, arm.version, arm.parameters):
            yield f"{each.session} ran under {head.intervention.name} v{head.intervention.version}, not as {arm.name}"
        elif head.trial != each.place:
            yield f"{each.session} does not say that it is part of this trial"
        if head.mind != trial.mind:
            yield f"{each.session} is of another mind"


def _value(each: TrialSession, outcome: TrialOutcome) -> float | None:
    """The outcome of a session, by the version that the trial named, also where findings have a later one."""
    if each.examined is None:
        return None
    measure = each.examined.measure(outcome.scorer, outcome.version, outcome.quantity)
    scorer = scorers.find(outcome.scorer, outcome.version)
    if measure is None and scorer is not None and scorer.context == 0:
        again = scorers.measure(scorer, dialogue.of(each.examined.transcript), ())
        measure = next((number for number in again if number.quantity == outcome.quantity), None)
    return measure.value if measure else None
