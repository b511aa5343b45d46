"""What a person reads of one piece of advice: its reason, what became of it and of earlier ones, what is against it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sage_edge import files
from sage_edge.agent.advice_view import AdvicePapers
from sage_edge.names import SessionId, Slug
from sage_edge.records.study import Check, Decision, Measure, Recommendation
from tests.fakes import MORNING


def recommendation(**changed: Any) -> Recommendation:
    """Advice of one rule for P005 to P008, or for others."""
    prediction = {"scorer": "identity", "version": 2, "comparison": "at-least", "value": 0.3, "minimum_n": 5}
    content = {
        "author": "thor",
        "to": "sprout",
        "track": "primary",
        "first": "P005",
        "last": "P008",
        "intervention": "identity-anchored",
        "intervention_version": 2,
        "parameters": {"name": "Sage"},
        "prediction": prediction,
        "rule": "identity-fades",
        "because": (),
        "based_on": (files.digest(b"x"),),
        "created": MORNING,
        "valid_until": MORNING + timedelta(days=7),
    }
    return Recommendation.model_validate({**content, **changed})


FEW = Measure(
    scorer=Slug("identity"), version=2, definition=files.digest(b"d"), n=7, hits=1, value=0.14, low=0.03, high=0.51
)


def check(of: Recommendation, verdict: str) -> Check:
    content: dict[str, Any] = {
        "author": "thor",
        "recommendation": of.fingerprint(),
        "prediction": of.prediction,
        "session": of.first,
        "transcript": files.digest(b"t"),
        "measure": FEW,
        "control": None,
        "verdict": verdict,
        "rule": "interval",
        "reason": "P005 had 1 of 7",
        "created": MORNING,
    }
    return Check.model_validate(content)


def decided(of: Recommendation, verdict: str) -> Decision:
    return Decision.model_validate(
        {
            "author": "sprout",
            "recommendation": of.fingerprint(),
            "verdict": verdict,
            "reason": "why not",
            "decided_by": "person",
            "created": MORNING,
        }
    )


def test_a_later_one_tells_of_the_earlier_one_and_of_what_speaks_against_it() -> None:
    first = recommendation(because=(FEW,))
    later = recommendation(
        first=SessionId("P009"), last=SessionId("P012"), created=MORNING + timedelta(days=1), because=(FEW,)
    )
    known = AdvicePapers(
        {paper.fingerprint(): paper for paper in (first, later)},
        {first.fingerprint(): decided(first, "accepted")},
        {first.fingerprint(): check(first, "refuted")},
    )
    lines = dict(known.lines(later.fingerprint()))
    assert lines["asks for"].startswith("identity-anchored v2 ")
    assert lines["because"] == "identity/2 rate 0.14 (0.03 to 0.51) of 7"
    assert (lines["decision"], lines["outcome"]) == ("open", "none yet")
    assert lines["earlier"] == "P005 to P008: accepted by person, refuted"
    assert lines["against"].endswith("its rule was refuted before: 1")
    before = dict(known.lines(first.fingerprint()))
    assert before["decision"] == "accepted by person: why not"
    assert before["outcome"] == "refuted: P005 had 1 of 7"
    assert before["earlier"] == "this rule advised nothing before"
