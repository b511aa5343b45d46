"""What a person reads of one piece of advice: its reason, what became of it and of earlier ones, what is against it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from sage_edge import files
from sage_edge.agent import advice_rest
from sage_edge.agent.advice_view import AdvicePapers
from sage_edge.names import SessionId, Slug
from sage_edge.records.study import Check, Decision, Measure, Recommendation
from sage_edge.trials import TrialPapers
from tests.fakes import MORNING
from tests.trials import made


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


def trial_from(first: str, state: str | None = None) -> TrialPapers:
    """A trial of 50 sessions that sprout accepted."""
    trial = made.trial()
    digest = trial.fingerprint()
    looks = {digest: (made.looked_at(trial, state),)} if state else {}
    return TrialPapers({digest: trial}, {digest: made.accepted(trial, first)}, looks)


@pytest.mark.parametrize(
    ("papers", "last", "expected"),
    [
        (TrialPapers(), "P060", ""),
        (trial_from("P005", "told"), "P060", ""),
        (trial_from("P061"), "P060", ""),
        (
            trial_from("P005"),
            "P060",
            "it rests while trial a-trial runs, to P054 at the latest; then it takes effect, to P060",
        ),
        (
            trial_from("P005", "running"),
            "P012",
            "it rests while trial a-trial runs, to P054 at the latest; it takes effect only if that ends before P012",
        ),
    ],
)
def test_what_is_accepted_while_a_trial_runs_rests_and_that_is_said(
    papers: TrialPapers, last: str, expected: str
) -> None:
    advice = recommendation(first=SessionId("P009"), last=SessionId(last))
    assert advice_rest.why(papers, advice, 8) == expected


def test_advice_that_rests_is_shown_so() -> None:
    paper = recommendation()
    digest = paper.fingerprint()
    known = AdvicePapers({digest: paper}, {digest: decided(paper, "accepted")}, {}, {digest: "it rests while"})
    assert known.decision(digest) == "accepted by person, rests"
    assert dict(known.lines(digest))["for now"] == "it rests while"
    assert "for now" not in dict(AdvicePapers(known.advice, known.decisions, {}).lines(digest))
