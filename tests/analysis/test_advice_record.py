"""A rule that was wrong is silent, then retired; one that was declined rests; the better record speaks first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from sage_edge.analysis import advice_record
from sage_edge.analysis.findings import Examined, examine
from sage_edge.analysis.recommend import Case, recommend
from sage_edge.names import SessionId
from sage_edge.records.base import parse
from sage_edge.records.study import Check, Decision, Recommendation
from tests.analysis.declared import CURRICULUM, SPROUT, THOR, Rule
from tests.builders import START, transcript

NOW = START + timedelta(days=10)


def case(sessions: int, mind: str = "Sage") -> Case:
    papers = [transcript(f"P{n:03d}", replies=["I am calm."] * 7, mind=mind) for n in range(1, sessions + 1)]
    examined = tuple(Examined(paper, examine(THOR, paper, NOW)) for paper in papers)
    return Case(SPROUT, examined, tuple(paper.session for paper in papers), (), {})


def advice(first: int, rule: str = "identity-fades") -> Recommendation:
    """What a rule advised, whose window is over."""
    paper = recommend(THOR, case(1), (Rule(name=rule),), CURRICULUM, START)
    assert paper is not None
    return paper.model_copy(
        update={"first": SessionId(f"P{first:03d}"), "last": SessionId(f"P{first:03d}"), "based_on": ()}
    )


def checked(known: Case, outcomes: Sequence[tuple[int, str]], rule: str = "identity-fades") -> Case:
    """The case where a rule's advice for some sessions was checked there, with these verdicts."""
    papers = [advice(number, rule) for number, _ in outcomes]
    checks: dict[Any, Check] = {}
    for paper, (number, verdict) in zip(papers, outcomes, strict=True):
        session = known.examined[number - 1]
        measure = session.measure("identity", 2)
        assert measure is not None
        checks[paper.fingerprint()] = Check.model_validate(
            {
                "author": THOR,
                "recommendation": paper.fingerprint(),
                "prediction": paper.prediction,
                "session": session.session,
                "transcript": session.finding.transcript,
                "measure": measure,
                "control": None,
                "verdict": verdict,
                "rule": "interval",
                "reason": "so it was",
                "created": NOW,
            }
        )
    return replace(
        known,
        recommendations=(*known.recommendations, *papers),
        checks={**known.checks, **checks},
    )


def speaks(known: Case, *rules: Rule, now: datetime = NOW) -> str | None:
    paper = recommend(THOR, known, rules or (Rule(),), CURRICULUM, now)
    return paper.rule if paper else None


@pytest.mark.parametrize(("sessions", "expected"), [(4, None), (7, None), (8, "identity-fades"), (9, "identity-fades")])
def test_after_one_refutation_it_waits_for_twice_the_evidence(sessions: int, expected: str | None) -> None:
    assert speaks(checked(case(sessions), [(4, "refuted")])) == expected


def test_after_two_it_is_retired_for_that_mind_and_not_for_another() -> None:
    twice = checked(case(40), [(4, "refuted"), (8, "refuted")])
    assert speaks(twice) is None
    assert "retired for this mind" in advice_record.rests(twice, "identity-fades", "primary", NOW)
    other = transcript("P041", replies=["I am calm."] * 7, mind="Willow")
    added = Examined(other, examine(THOR, other, NOW))
    moved = replace(twice, examined=(*twice.examined, added), sessions=(*twice.sessions, other.session))
    assert speaks(moved) == "identity-fades"


def test_what_was_confirmed_does_not_silence_it() -> None:
    assert speaks(checked(case(5), [(4, "confirmed")])) == "identity-fades"


def test_what_could_not_be_told_waits_for_twice_the_evidence_and_is_never_retired() -> None:
    assert speaks(checked(case(7), [(4, "cannot-tell")])) is None
    assert speaks(checked(case(8), [(4, "cannot-tell")])) == "identity-fades"
    thrice = [(2, "cannot-tell"), (4, "cannot-tell"), (8, "cannot-tell")]
    assert speaks(checked(case(15), thrice)) is None
    assert "could not be told" in advice_record.rests(checked(case(15), thrice), "identity-fades", "primary", NOW)
    assert speaks(checked(case(16), thrice)) == "identity-fades"


def test_an_older_check_counts_by_the_rule_of_today() -> None:
    older = checked(case(40), [(4, "refuted"), (8, "refuted")])
    checks = {digest: check.model_copy(update={"rule": "value"}) for digest, check in older.checks.items()}
    assert advice_record.refuted(older, "identity-fades", "primary")
    assert not advice_record.refuted(replace(older, checks=checks), "identity-fades", "primary")


def test_another_rules_refutation_is_not_its_own() -> None:
    assert speaks(checked(case(5), [(4, "refuted")], rule="another")) == "identity-fades"


def test_the_rule_with_the_better_record_speaks_first() -> None:
    rules = (Rule(name="often-wrong"), Rule(name="often-right"))
    known = checked(checked(case(20), [(2, "refuted")], "often-wrong"), [(3, "confirmed")], "often-right")
    assert speaks(case(20), *rules) == "often-wrong"
    assert speaks(known, *rules) == "often-right"


@pytest.mark.parametrize(
    ("rest", "sessions", "days", "expected"),
    [
        (None, 8, 10, None),
        (None, 9, 10, "identity-fades"),
        ("never", 30, 100, None),
        (START + timedelta(days=20), 30, 20, None),
        (START + timedelta(days=20), 3, 21, "identity-fades"),
    ],
)
def test_declined_advice_rests(rest: Any, sessions: int, days: int, expected: str | None) -> None:
    paper = advice(2)
    decision = Decision(
        author=SPROUT,
        recommendation=paper.fingerprint(),
        verdict="declined",
        reason="not now",
        decided_by="person",
        created=START,
        rest_until=rest,
    )
    assert parse(Decision, decision.pretty()) == decision
    known = replace(case(sessions), recommendations=(paper,), decisions={paper.fingerprint(): decision})
    assert speaks(known, now=START + timedelta(days=days)) == expected
