"""What the older scorers concluded from their numbers, session by session: states, modes, signals, trust, severity.

    edge             the rounded means, how far they lie from 0.5 (drift), and the state that follows
    r6               detected modes with their mean confidence, signals, decisions; trust as it is carried on, its trend
    self-reference   weighted identity and its state, gaming, coherence with its level, authorisation and trajectory
    snarc            what was stored, what curation kept of it, and how severe the confabulation of each answer is
    each             answers, and letters of Chinese, Japanese or Korean in them

They are replayed for reading, and no finding is made of them: a state is a name for a number, not a measurement.
Source: legacy §5.1, §5.4 to §5.7; trust starts anew with the first session that the older system itself judged (T049).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeAlias

from sage_edge.records.dialogue import Dialogue, Exchange
from sage_edge.scorers.legacy import curation, edge, identity_coherence, r6_trust, self_reference
from sage_edge.scorers.legacy.r6_trust import Judgement, Trust
from sage_edge.scorers.legacy.snarc import SNARC
from sage_edge.scorers.text import cjk

Detail: TypeAlias = dict[str, str | int | float | bool | None]
"""What is concluded from one session: head of a column → value."""

_JUDGED = "r6_evaluation"


def details(scorer: str, sessions: Sequence[Dialogue]) -> list[Detail]:
    """Return what a scorer of the older system concluded from each session, oldest first; nothing of other scorers.

    sessions: of one mind and one track, by number, with their words.
    """
    concluded = _CONCLUSIONS.get(scorer)
    if concluded is None:
        return []
    answered = [session for session in sessions if session.replayed]
    return [
        {"session": session.label, "answers": len(session.replayed), "cjk": _cjk(session), **row}
        for session, row in zip(answered, concluded(answered), strict=True)
    ]


def _cjk(session: Dialogue) -> int:
    return sum(cjk.letters(answer.reply) for answer in session.replayed)


def _edge(sessions: Sequence[Dialogue]) -> Iterator[Detail]:
    for session in sessions:
        means = edge.session([edge.domains(answer.reply) for answer in session.replayed])
        yield {**means._asdict(), "drift": edge.drift(means), "state": edge.state(means)}


def _r6(sessions: Sequence[Dialogue]) -> Iterator[Detail]:
    first = next((place for place, session in enumerate(sessions) if _is_judged(session)), 0)
    course: list[Trust] = [r6_trust.START]
    for place, session in enumerate(sessions):
        judged = [r6_trust.judge(answer.exercise, answer.reply) for answer in _exercises(session)]
        decisions = Counter(judgement.decision for judgement in judged)
        row: Detail = {name: decisions[name] for name in ("include", "review", "exclude")}
        row |= dict.fromkeys(Trust._fields)
        row["modes"] = _modes(judged)
        row["signals"] = _counts(signal for judgement in judged for signal in judgement.signals)
        row["trend"] = None
        if place >= first:
            course += r6_trust.carry(course[-1], (judgement.change for judgement in judged))
            row |= {**_rounded(course[-1]._asdict()), "trend": _trends(course[1:])}
        yield row


def _is_judged(session: Dialogue) -> bool:
    return any(exchange.stored and _JUDGED in exchange.stored for exchange in session.exchanges)


def _exercises(session: Dialogue) -> list[Exchange]:
    return [answer for answer in session.replayed if answer.kind == "exercise"]


def _modes(judged: Sequence[Judgement]) -> str:
    by_mode: dict[str, list[float]] = {}
    for judgement in judged:
        by_mode.setdefault(judgement.detected, []).append(judgement.confidence)
    return ", ".join(f"{mode} {len(sure)} ({sum(sure) / len(sure):.2f})" for mode, sure in sorted(by_mode.items()))


def _trends(course: Sequence[Trust]) -> str:
    columns = ([trust[place] for trust in course] for place in range(len(Trust._fields)))
    return ", ".join(f"{name} {r6_trust.trend(column)}" for name, column in zip(Trust._fields, columns, strict=True))


def _self_reference(sessions: Sequence[Dialogue]) -> Iterator[Detail]:
    earlier: list[float] = []
    for session in sessions:
        by_answer = self_reference.references(session)
        weighted = self_reference.weighted_identity(by_answer)
        state, is_gaming = self_reference.state(weighted), self_reference.is_gaming(by_answer)
        (mark,) = self_reference.SELF_REFERENCE.score(session, ())["identity-coherence"]
        yield {
            "referring": sum(reference is not None for reference in by_answer),
            "weighted": round(weighted, 3),
            "state": state,
            "gaming": is_gaming,
            "coherence": round(mark.value, 3),
            "level": identity_coherence.level(mark.value),
            "authorisation": identity_coherence.authorisation(mark.value),
            "permitted": identity_coherence.may_be_permitted(
                mark.value, gaming=is_gaming, collapsed=state == "collapsed"
            ),
            "trajectory": identity_coherence.trajectory(mark.value, earlier),
        }
        earlier.append(weighted)


def _snarc(sessions: Sequence[Dialogue]) -> Iterator[Detail]:
    for session in sessions:
        marks = SNARC.score(session, ())
        totals = {mark.turn: mark.value for mark in marks["total"]}
        stored = {mark.turn for mark in marks["stored"] if mark.value}
        number = session.number or 0
        worth = [
            curation.worth(answer.reply, totals[answer.turn], number)
            for answer in session.replayed
            if answer.turn in stored
        ]
        yield {
            "total": round(sum(totals.values()) / len(totals), 3) if totals else None,
            "repetitive": sum(mark.value == 1 for mark in marks["repetitive"]),
            "stored": len(stored),
            "kept": sum(value >= curation.KEEP for value in worth),
            "collapsed": any(mark.value for mark in marks["collapsed"]),
            "severity": _counts(curation.severity(answer.reply, number) for answer in session.replayed),
        }


def _only_answers(sessions: Sequence[Dialogue]) -> Iterator[Detail]:
    yield from ({} for _ in sessions)


def _counts(names: Iterable[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(Counter(names).items()))


def _rounded(values: dict[str, float]) -> Detail:
    return {name: round(value, 3) for name, value in values.items()}


_CONCLUSIONS: dict[str, Callable[[Sequence[Dialogue]], Iterator[Detail]]] = {
    "edge": _edge,
    "r6": _r6,
    "self-reference": _self_reference,
    "snarc": _snarc,
    "semantic": _only_answers,
    "raising": _only_answers,
}
