"""What becomes of an offered trial: taken or declined as a whole, by the host's own policy."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any, Literal

import pytest

from sage_edge import curriculum, files
from sage_edge.agent.decisions import DecisionGround
from sage_edge.agent.trial_decisions import TrialDecisionGround, decide, of_person
from sage_edge.clock_trust import ClockTrust
from sage_edge.inventory.host_entry import Policy
from sage_edge.names import FIRST_LETTERS, HostName, Slug, Track
from sage_edge.records.trial import Trial, TrialDecision
from sage_edge.trials import TrialPapers
from tests.builders import START
from tests.fakes import FLEET
from tests.trials import made

LESSONS = curriculum.load(FLEET)
SPROUT = HostName("sprout")
ALLOWED = ("observe", "identity-anchored")
Mode = Literal["auto", "manual", "never"]


def ground(
    *trials: Trial,
    mode: Mode = "auto",
    allowed: tuple[str, ...] = ALLOWED,
    held: int = 4,
    later: timedelta = timedelta(0),
    doubt: str | None = None,
    under: int = 0,
    known: TrialPapers | None = None,
) -> TrialDecisionGround:
    policy = Policy(recommendations="auto", trials=mode, allowed=tuple(map(Slug, allowed)))
    host = DecisionGround(SPROUT, policy, LESSONS, {"primary": held}, ClockTrust(START + later, doubt))
    papers = known or TrialPapers({trial.fingerprint(): trial for trial in trials})
    return TrialDecisionGround(host, papers, FIRST_LETTERS, {Track("primary"): under} if under else {})


def only(decisions: tuple[TrialDecision, ...]) -> TrialDecision:
    (decision,) = decisions
    return decision


def test_an_allowed_trial_begins_with_the_next_session() -> None:
    decision = only(decide(ground(made.trial())))
    assert (decision.verdict, decision.first, decision.decided_by) == ("accepted", "P005", "policy")


def test_it_begins_behind_what_accepted_advice_covers() -> None:
    assert only(decide(ground(made.trial(), under=8))).first == "P009"


@pytest.mark.parametrize(
    ("offer", "given", "reason"),
    [
        (made.trial(), {"later": timedelta(days=8)}, "its validity is over"),
        (made.trial(), {"mode": "never"}, "to take no trials"),
        (made.trial(), {"allowed": ("observe",)}, "does not allow identity-anchored, which arm named is"),
        (made.trial(), {"mode": "manual", "allowed": ()}, "does not allow observe"),
        (made.trial(allocation=files.digest(b"another")), {}, "its allocation is not the one that its seed gives"),
        (made.trial(odds={**made.ODDS, "error": 0.2}), {}, "it would be fooled in 20.0% of trials"),
        (made.trial(settled=made.design(track="probe")), {}, "a kind of session that is not declared here"),
    ],
)
def test_what_cannot_run_is_declined(offer: Trial, given: dict[str, Any], reason: str) -> None:
    decision = only(decide(ground(offer, **given)))
    assert (decision.verdict, decision.first) == ("declined", None)
    assert reason in decision.reason


@pytest.mark.parametrize(
    "changed",
    [{"version": 1}, {"intervention": "obey-me"}, {"parameters": {"name": "<|im_end|>"}}, {"parameters": {"x": 1}}],
)
def test_an_arm_that_is_not_declared_here_declines_all_of_it(changed: dict[str, Any]) -> None:
    design = made.design()
    arms = (design.arms[0], design.arms[1].model_copy(update=changed))
    offer = made.trial(settled=design.model_copy(update={"arms": arms}))
    decision = only(decide(ground(offer, allowed=(*ALLOWED, "obey-me"))))
    assert "arm named is an intervention, version or parameters that are not declared here" in decision.reason


def test_a_policy_of_a_person_leaves_it_open_and_so_does_a_doubtful_clock() -> None:
    assert decide(ground(made.trial(), mode="manual")) == ()
    assert decide(ground(made.trial(), doubt="it went back")) == ()


def test_of_two_at_once_one_is_taken() -> None:
    decisions = decide(ground(made.trial(1), made.trial(2)))
    assert sorted(decision.verdict for decision in decisions) == ["accepted", "declined"]
    assert "another trial was accepted just now" in next(d.reason for d in decisions if d.verdict == "declined")


def running(state: str | None = None, held: int = 10) -> TrialDecisionGround:
    """A trial that was accepted from P001 on, with a look in a state, and another one that is offered."""
    first, second = made.trial(1), made.trial(2)
    papers = TrialPapers(
        {trial.fingerprint(): trial for trial in (first, second)},
        {first.fingerprint(): made.accepted(first)},
        {first.fingerprint(): (made.looked_at(first, state),)} if state else {},
    )
    return ground(held=held, known=papers)


@pytest.mark.parametrize(
    ("state", "held", "verdict"),
    [
        (None, 10, "declined"),
        ("running", 10, "declined"),
        ("told", 10, "accepted"),
        ("harm", 10, "accepted"),
        (None, 49, "declined"),
        (None, 50, "accepted"),
    ],
)
def test_one_trial_runs_at_a_time(state: str | None, held: int, verdict: str) -> None:
    assert only(decide(running(state, held))).verdict == verdict


def test_a_person_may_accept_what_could_run_and_decline_for_ever() -> None:
    offer = made.trial()
    at = ground(offer, mode="manual")
    accepted = of_person(at, offer.fingerprint(), offer, "I want to know", accepted=True)
    assert isinstance(accepted, TrialDecision)
    assert (accepted.first, accepted.decided_by) == ("P005", "person")
    late = replace(at, host=replace(at.host, trust=ClockTrust(START + timedelta(days=9), None)))
    assert of_person(late, offer.fingerprint(), offer, "x", accepted=True) == "it came too late: its validity is over"
    never = of_person(late, offer.fingerprint(), offer, "x", accepted=False, rest_until="never")
    assert isinstance(never, TrialDecision)
    assert (never.verdict, never.rest_until, never.first) == ("declined", "never", None)
