"""What becomes of directives about trials: a decision on the whole trial, or an answer that says why not. Pure.

The rules are those of `directives`: a person's workstation alone, once, and not what was withdrawn in time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from sage_edge import sanitize
from sage_edge.agent import directives, trial_decisions
from sage_edge.agent.directives import DirectedPapers
from sage_edge.agent.trial_decisions import TrialDecisionGround
from sage_edge.inventory.fleet import Fleet
from sage_edge.names import Digest
from sage_edge.records.directive import Directive, DirectiveAnswer, TrialAct
from sage_edge.records.trial import TrialDecision


def settle(
    ground: TrialDecisionGround, fleet: Fleet, papers: DirectedPapers
) -> Mapping[Digest, TrialDecision | DirectiveAnswer]:
    """Return directive → reply for every open one about a trial, in the order in which they are to be written."""
    gone = directives.withdrawn(papers, directives.withdrawals(ground.host, fleet, papers))
    replies: dict[Digest, TrialDecision | DirectiveAnswer] = {}
    for digest, paper in directives.datable(ground.host, papers).items():
        if isinstance(paper.act, TrialAct):
            reply = _carried_out(ground, fleet, digest, paper, paper.act, is_withdrawn=digest in gone)
            replies[digest] = reply
            if isinstance(reply, TrialDecision):
                ground = after(ground, [reply])
    return replies


def after(ground: TrialDecisionGround, decided: list[TrialDecision]) -> TrialDecisionGround:
    """Return what is decided upon once these decisions stand."""
    known = {**ground.papers.decisions, **{decision.trial: decision for decision in decided}}
    return replace(ground, papers=replace(ground.papers, decisions=known))


def _carried_out(
    ground: TrialDecisionGround,
    fleet: Fleet,
    digest: Digest,
    directive: Directive,
    act: TrialAct,
    *,
    is_withdrawn: bool,
) -> TrialDecision | DirectiveAnswer:
    trial = ground.papers.trials.get(act.trial)
    against = (
        directives.against_act(ground.host, fleet, directive)
        or (directives.WITHDRAWN if is_withdrawn else "")
        or _against_trial(ground, act.trial)
    )
    if against or trial is None:
        return directives.answer(ground.host, digest, against)
    because, accepted = sanitize.page(directive.because), act.kind == "accept-trial"
    reply = trial_decisions.of_person(ground, act.trial, trial, because, accepted=accepted, directive=digest)
    return reply if isinstance(reply, TrialDecision) else directives.answer(ground.host, digest, reply)


def _against_trial(ground: TrialDecisionGround, digest: Digest) -> str:
    trial, earlier = ground.papers.trials.get(digest), ground.papers.decisions.get(digest)
    if trial is None:
        return "it names a trial that is not known here"
    if trial.to != ground.host.me:
        return f"the trial that it names is for {trial.to}"
    return f"that trial was {earlier.verdict} by {earlier.decided_by} before" if earlier else ""
