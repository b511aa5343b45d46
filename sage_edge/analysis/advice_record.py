"""What became of a rule's earlier advice to a mind, and whether that lets it speak again.

    refuted once            silent until there is twice the evidence that refuted it (examined sessions of that kind)
    could not be told       the same, for what did not tell once does not tell at once the second time
    refuted twice           retired for that mind; the trial that the rule names is proposed instead
    declined                rests as the decline says, or for eight sessions of that kind

Rules compete by their records: the one whose predictions came true most often speaks first.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from sage_edge.analysis.findings import Examined
from sage_edge.analysis.prediction_ruling import verdict_today
from sage_edge.names import Digest, Slug, Track
from sage_edge.records.study import Check, Recommendation

if TYPE_CHECKING:
    from sage_edge.analysis.recommend import Case

RETIRED_AFTER = 2
_REST_SESSIONS = 8


def standing(case: Case, rule: str) -> float:
    """Return the share of a rule's checked predictions that were confirmed, as if one of two had been before."""
    verdicts = [verdict_today(check) for _, check in _checked(case, rule)]
    return (verdicts.count("confirmed") + 1) / (verdicts.count("confirmed") + verdicts.count("refuted") + 2)


def refuted(case: Case, rule: str, track: Track) -> tuple[Check, ...]:
    """Return the checks that refuted a rule's advice about the mind that is there now, the oldest first."""
    return tuple(check for check in _vain(case, rule, track) if verdict_today(check) == "refuted")


def _vain(case: Case, rule: str, track: Track) -> tuple[Check, ...]:
    """The checks that did not confirm, the oldest first."""
    newest = case.newest(track)
    if newest is None:
        return ()
    mind = newest.transcript.head.mind
    of_session = {paper.finding.transcript: paper for paper in case.examined}
    checks = [
        check
        for _, check in _checked(case, rule)
        if verdict_today(check) != "confirmed" and _mind(of_session.get(check.transcript)) == mind
    ]
    return tuple(sorted(checks, key=lambda check: check.session.number))


def is_retired(case: Case, rule: str, track: Track) -> bool:
    """Whether a rule is never to advise on the mind that is there now again."""
    return len(refuted(case, rule, track)) >= RETIRED_AFTER


def rests(case: Case, rule: str, track: Track, now: datetime) -> str:
    """Return why a rule stays silent, in words; empty where its record lets it speak."""
    against = refuted(case, rule, track)
    if len(against) >= RETIRED_AFTER:
        return f"it was refuted {len(against)} times, and is retired for this mind"
    if vain := _vain(case, rule, track):
        seen = len(_of_track(case, track))
        needed = 2 * sum(1 for paper in _of_track(case, track) if paper.session.number <= vain[-1].session.number)
        if seen < needed:
            became = "was refuted" if against else "could not be told"
            return f"it {became}, and waits for {needed} examined sessions; there are {seen}"
    return _declined(case, rule, track, now)


def _declined(case: Case, rule: str, track: Track, now: datetime) -> str:
    for digest, paper in _advice(case, rule):
        decision = case.decisions.get(digest)
        if decision is None or decision.verdict != "declined" or paper.track != track:
            continue
        if decision.rest_until == "never":
            return "it was declined for ever"
        if decision.rest_until is not None:
            if now <= decision.rest_until:
                return f"it was declined until {decision.rest_until:%Y-%m-%d}"
            continue
        since = case.last_number(track) - paper.first.number + 1
        if since < _REST_SESSIONS:
            return f"it was declined, and rests for {_REST_SESSIONS} sessions"
    return ""


def _advice(case: Case, rule: str) -> Iterator[tuple[Digest, Recommendation]]:
    for paper in case.recommendations:
        if paper.to == case.to and paper.rule == Slug(rule):
            yield paper.fingerprint(), paper


def _checked(case: Case, rule: str) -> Iterator[tuple[Recommendation, Check]]:
    for digest, paper in _advice(case, rule):
        if digest in case.checks:
            yield paper, case.checks[digest]


def _of_track(case: Case, track: Track) -> list[Examined]:
    return [paper for paper in case.examined if paper.session.letter == case.letters[track]]


def _mind(paper: Examined | None) -> str | None:
    return paper.transcript.head.mind if paper else None
