"""What becomes of a directive about a trial: one decision on the whole of it, or the reason why not."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest

from sage_edge import files
from sage_edge.agent.directives import DirectedPapers
from sage_edge.agent.directives import settle as settle_advice
from sage_edge.agent.trial_directives import after, settle
from sage_edge.inventory import load
from sage_edge.names import Digest, HostName
from sage_edge.records.base import parse
from sage_edge.records.directive import Directive, DirectiveAnswer, TrialAct
from sage_edge.records.trial import Trial, TrialDecision
from sage_edge.trials import TrialPapers
from tests.agent.directed_papers import DESK, SPROUT, THOR, until, withdrawal
from tests.agent.test_trial_decisions import ground
from tests.builders import START
from tests.fakes import FLEET
from tests.trials import made

HOUSE = load.load(FLEET)
OFFER, OTHER, FOREIGN = made.trial(), made.trial(seed=8), made.trial(to="thor")
ABOUT = OFFER.fingerprint()


def on(trial: Digest, kind: str = "accept-trial", *, by: HostName = DESK) -> Directive:
    act = TrialAct.model_validate({"kind": kind, "trial": trial})
    return Directive(author=by, to=SPROUT, act=act, because="it fits", created=START)


def known(offers: Sequence[Trial], decided: Sequence[TrialDecision] = ()) -> TrialPapers:
    return TrialPapers({trial.fingerprint(): trial for trial in offers}, {paper.trial: paper for paper in decided})


def replies(
    *given: Directive,
    decided: Sequence[TrialDecision] = (),
    answers: Sequence[DirectiveAnswer] = (),
    doubt: str | None = None,
) -> dict[Digest, TrialDecision | DirectiveAnswer]:
    upon = ground(mode="manual", doubt=doubt, known=known((OFFER, OTHER, FOREIGN), decided))
    papers = DirectedPapers(
        {directive.fingerprint(): directive for directive in given},
        {answer.directive: answer for answer in answers},
        {},
        {},
        known((OFFER, OTHER, FOREIGN), decided),
    )
    assert not {digest for digest, reply in settle_advice(upon.host, HOUSE, papers).items()} - {
        digest for digest, paper in papers.given.items() if paper.withdraws
    }, "the step before leaves what is about trials alone"
    return dict(settle(upon, HOUSE, papers))


@pytest.mark.parametrize(
    ("kind", "verdict", "first"), [("accept-trial", "accepted", "P005"), ("decline-trial", "declined", None)]
)
def test_a_person_decides_from_afar_and_the_decision_names_the_directive(
    kind: str, verdict: str, first: str | None
) -> None:
    directive = on(ABOUT, kind)
    (reply,) = replies(directive).values()
    assert isinstance(reply, TrialDecision)
    assert (reply.trial, reply.verdict, reply.first, reply.decided_by) == (ABOUT, verdict, first, "person")
    assert (reply.directive, reply.reason) == (directive.fingerprint(), "it fits")
    assert parse(TrialDecision, reply.pretty()) == reply
    assert replies(directive, decided=[reply]) == {}, "answered once"
    (late,) = replies(on(ABOUT, "decline-trial" if first else "accept-trial"), decided=[reply]).values()
    assert isinstance(late, DirectiveAnswer)
    assert f"was {verdict} by person before" in late.reason


@pytest.mark.parametrize(
    ("directive", "words"),
    [
        (on(files.digest(b"nothing")), "not known here"),
        (on(FOREIGN.fingerprint()), "is for thor"),
        (on(ABOUT, by=THOR), "no person's workstation"),
        (on(ABOUT, by=SPROUT), "may not direct"),
        (until(on(ABOUT), START - timedelta(hours=1)), "its deadline is over"),
    ],
)
def test_what_is_not_carried_out_is_answered(directive: Directive, words: str) -> None:
    (reply,) = replies(directive).values()
    assert isinstance(reply, DirectiveAnswer)
    assert (reply.verdict, words in reply.reason) == ("declined", True), reply.reason


def test_of_two_trials_of_one_kind_the_first_is_taken_and_the_other_told_why_not() -> None:
    one, two = replies(on(ABOUT), on(OTHER.fingerprint())).values()
    assert isinstance(one, TrialDecision)
    assert isinstance(two, DirectiveAnswer)
    assert "runs here with the same kind of session" in two.reason


def test_what_was_taken_back_in_time_is_not_carried_out() -> None:
    directive = on(ABOUT)
    (reply,) = replies(directive, withdrawal(directive)).values()
    assert isinstance(reply, DirectiveAnswer)
    assert "withdrawn" in reply.reason


def test_with_a_deadline_it_waits_for_a_clock_that_is_believed() -> None:
    late = until(on(ABOUT), START + timedelta(days=1))
    assert replies(late, doubt="it went back") == {}


def test_a_decision_without_a_directive_keeps_its_bytes() -> None:
    assert b"directive" not in made.accepted(OFFER).pretty()


def test_what_was_directed_is_settled_for_the_policy() -> None:
    upon = ground(OFFER)
    assert list(after(upon, [made.accepted(OFFER)]).waiting()) == []
