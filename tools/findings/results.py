"""What the kept numbers say: each arm by itself, the arms against each other, and whether naming has two states.

The session is the unit everywhere: an answer is like the others of its session. Arms share their session numbers, and
with them questions and seeds, so sessions are compared in pairs. All p are adjusted together (Holm).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sage_edge.analysis.claims import bistability, grid, verdicts
from sage_edge.analysis.claims.grid import GridAlarms
from sage_edge.analysis.claims.measurement import Taken
from sage_edge.analysis.claims.schema import Level, StatesClaim
from sage_edge.analysis.claims.verdicts import Ruling
from sage_edge.analysis.series import Series, values
from sage_edge.analysis.statistics import corrections, means, pairs, power, unimodality
from sage_edge.analysis.statistics.estimate import LEVEL, SAME, Estimate
from sage_edge.analysis.statistics.pairs import PairedEffect
from tools.findings.data import MeasuredBy, StudyArm, StudyData
from tools.findings.design import SEED, WORTH
from tools.findings.series import ArmSource, series

Seen = Literal["rises", "falls", "no effect", "cannot tell"]


@dataclass(frozen=True)
class ArmSummary:
    """One arm. words: of an answer. cut: the share of answers that the token limit cut. levels: an outcome each."""

    arm: StudyArm
    answers: int
    words: float
    cut: float
    levels: tuple[Estimate, ...]


@dataclass(frozen=True)
class Contrast:
    """One outcome, `after` against `before`. smallest: the change that this many pairs would have shown, None unknown.

    p: adjusted over all tests of the study. seen: by the rule of `_seen`.
    """

    outcome: MeasuredBy
    before: StudyArm
    after: StudyArm
    effect: PairedEffect
    p: float | None
    smallest: float | None
    seen: Seen


@dataclass(frozen=True)
class StatesResult:
    """Whether one measure of one arm has two states.

    p: the largest one of three nulls, adjusted. alarms: what a grid of as many answers does by itself, dealt freely;
    asked: the same, each answer dealt among those to the same question.
    """

    arm: StudyArm
    by: MeasuredBy
    taken: Taken
    p: float | None
    ruling: Ruling
    alarms: GridAlarms
    asked: GridAlarms


@dataclass(frozen=True)
class Results:
    """Everything that the page says in numbers. tests: how many p were adjusted together."""

    arms: tuple[ArmSummary, ...]
    contrasts: tuple[Contrast, ...]
    states: tuple[StatesResult, ...]
    tests: int


def results(data: StudyData, claim: StatesClaim) -> Results:
    """Return what kept numbers say. claim: the seeds' claim of two states, with its thresholds."""
    outcomes = data.outcomes[:-1]  # the last one is the seeds' own measure, of which only states are asked
    compared = [(by, *sides) for sides in sides_of(data.arms) for by in outcomes]
    effects = [_effect(by, before, after) for by, before, after in compared]
    tested = [(arm, by) for arm in data.arms for by in (data.outcomes[0], data.outcomes[-1])]
    taken = [_taken(claim, arm, by, data) for arm, by in tested]
    adjusted = corrections.holm([*(effect.chance.p for effect in effects), *map(_of_states, taken)])
    tests = sum(p is not None for p in adjusted)
    contrasts = tuple(
        _contrast(by, before, after, effect, p, tests)
        for (by, before, after), effect, p in zip(compared, effects, adjusted, strict=False)
    )
    states = tuple(
        StatesResult(arm, by, each, p, verdicts.rule(claim, each, p, SEED), *_alarms(claim, each))
        for (arm, by), each, p in zip(tested, taken, adjusted[len(effects) :], strict=True)
    )
    return Results(tuple(_summary(arm, outcomes) for arm in data.arms), contrasts, states, tests)


def sides_of(arms: Sequence[StudyArm]) -> tuple[tuple[StudyArm, StudyArm], ...]:
    """Return which arms are compared, before and after: interventions of one model, then models of one intervention."""
    models = list(dict.fromkeys(arm.model for arm in arms))
    interventions = list(dict.fromkeys(arm.intervention for arm in arms))
    known = {(arm.model, arm.intervention): arm for arm in arms}
    anchored = [
        (known[model, interventions[0]], known[model, other]) for model in models for other in interventions[1:]
    ]
    trained = [(known[models[0], each], known[other, each]) for other in models[1:] for each in interventions]
    return (*anchored, *trained)


def _effect(by: MeasuredBy, before: StudyArm, after: StudyArm) -> PairedEffect:
    earlier = {point.number: point.value for point in series(before, by).points}
    later = {point.number: point.value for point in series(after, by).points}
    both = sorted(earlier.keys() & later.keys())
    return pairs.of_pairs([earlier[number] for number in both], [later[number] for number in both], seed=SEED)


def _contrast(
    by: MeasuredBy, before: StudyArm, after: StudyArm, effect: PairedEffect, p: float | None, tests: int
) -> Contrast:
    n = effect.difference.n
    strict = LEVEL / max(tests, 1)
    testable = effect.deviation > 0 and n > 8
    smallest = power.smallest_mean(n, effect.deviation, level=strict) if testable else None
    return Contrast(by, before, after, effect, p, smallest, _seen(effect, p))


def _seen(effect: PairedEffect, p: float | None) -> Seen:
    """A change must leave chance out with neighbours alike, too; `no effect`, every change that is worth the name."""
    value, blocks = effect.difference.value or 0.0, effect.in_blocks
    if p is not None and p <= LEVEL and not blocks.holds(0):
        return "rises" if value > 0 else "falls"
    if effect.deviation == 0:
        return "no effect" if value == 0 else "cannot tell"
    ends = (effect.difference.low, effect.difference.high, blocks.low, blocks.high)
    return "no effect" if all(end is not None and abs(end) < WORTH for end in ends) else "cannot tell"


def _taken(claim: StatesClaim, arm: StudyArm, by: MeasuredBy, data: StudyData) -> Taken:
    asked = Level(label=f"all sessions of {arm.name}", of=by.of)
    return bistability.measure(claim, asked, ArmSource(arm, data.outcomes), SEED)


def _of_states(taken: Taken) -> float | None:
    """The claim's own p, or a larger one: of a dip where answers are dealt among those to the same question."""
    if taken.reading.p is None:
        return None
    by_question = unimodality.shuffled(_answers(taken), seed=SEED, questions=_questions(taken)).p
    return max(taken.reading.p, 1.0 if by_question is None else by_question)


def _alarms(claim: StatesClaim, taken: Taken) -> tuple[GridAlarms, GridAlarms]:
    answers = _answers(taken)
    return (
        grid.alarms(claim, answers, seed=SEED),
        grid.alarms(claim, answers, seed=SEED, questions=_questions(taken)),
    )


def _answers(taken: Taken) -> list[list[float]]:
    return [[mark.value for mark in point.marks] for point in taken.points]


def _questions(taken: Taken) -> list[list[tuple[str, int]]]:
    """What each answer answers: sessions of one phase are asked the same in the same order."""
    return [[(point.unit, mark.turn) for mark in point.marks] for point in taken.points]


def between_units(of: Series) -> float | None:
    """Return how much of the variance of sessions lies between their units, from 0 to 1; None without variance.

    Source: R. A. Fisher, Statistical methods for research workers (1925), §45, the squared correlation ratio.
    """
    groups: dict[str, list[float]] = {}
    for point in of.points:
        groups.setdefault(point.unit, []).append(point.value)
    scores = values(of.points)
    mean = math.fsum(scores) / len(scores)
    whole = math.fsum((score - mean) ** 2 for score in scores)
    apart = math.fsum(len(group) * (math.fsum(group) / len(group) - mean) ** 2 for group in groups.values())
    return apart / whole if whole > SAME else None


def _summary(arm: StudyArm, outcomes: Sequence[MeasuredBy]) -> ArmSummary:
    answers = sum(kept.answers for kept in arm.sessions)
    return ArmSummary(
        arm=arm,
        answers=answers,
        words=math.fsum(sum(kept.words) for kept in arm.sessions) / answers,
        cut=sum(kept.cut for kept in arm.sessions) / answers,
        levels=tuple(means.mean(values(series(arm, by).points), seed=SEED) for by in outcomes),
    )
