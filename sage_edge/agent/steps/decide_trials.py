"""Step: accept or decline, as a whole, every offered trial that a directive or the host's policy can settle."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from sage_edge import sanitize
from sage_edge.agent import directed, trial_decisions, trial_directives
from sage_edge.agent.build import Agent
from sage_edge.agent.steps import decide as recommendations
from sage_edge.agent.steps.base import Wake, WakeAction, WakeStep, holders_of
from sage_edge.agent.trial_decisions import TrialDecisionGround
from sage_edge.inventory import guard
from sage_edge.names import HostName, Track
from sage_edge.records.directive import DirectiveAnswer
from sage_edge.records.trial import TrialDecision
from sage_edge.sessions import interventions, trials


def ground(agent: Agent) -> TrialDecisionGround | None:
    """Return what this host decides upon; None for one that is declared without a policy."""
    upon = recommendations.ground(agent)
    if upon is None:
        return None
    papers = trials.papers(agent.post, agent.me.fleet)
    return TrialDecisionGround(upon, papers, agent.me.fleet.kinds.letters, _under_advice(agent))


def actions(agent: Agent, wake: Wake) -> Iterator[WakeAction]:  # noqa: ARG001 - the signature of a step
    """Yield a reply to each directive about a trial, and a decision for each trial that is open after these.

    Under the policy `manual` some are left to a person.
    """
    upon = ground(agent)
    if upon is None:
        return
    heard: list[str] = []  # what cannot be read was told by the step before
    papers = directed.papers(agent.post, agent.me.fleet, agent.me.host.name, heard)
    replies = trial_directives.settle(upon, agent.me.fleet, papers)
    for digest, reply in replies.items():
        yield _replying(agent, upon, papers.given[digest].author, reply)
    upon = trial_directives.after(upon, [reply for reply in replies.values() if isinstance(reply, TrialDecision)])
    decided = trial_decisions.decide(upon)
    for decision in decided:
        yield WakeAction(_deciding(upon, decision), decision.reason, partial(keep, agent, upon, decision, "policy"))
    settled = {decision.trial for decision in decided}
    doubt = upon.host.trust.doubt
    why = "the policy is manual: a person decides" if doubt is None else f"the clock is in doubt: {doubt}"
    for digest, trial in upon.waiting():
        if digest not in settled:
            yield WakeAction(f"leave trial {trial.design.name} open", why)


def _replying(
    agent: Agent, upon: TrialDecisionGround, author: HostName, reply: TrialDecision | DirectiveAnswer
) -> WakeAction:
    if isinstance(reply, DirectiveAnswer):
        return recommendations.answering(agent, reply, author)
    by = f"{author} in directive {reply.directive.short if reply.directive else ''}".rstrip()
    return WakeAction(_deciding(upon, reply), f"directed by {by}", partial(keep, agent, upon, reply, by))


def _deciding(upon: TrialDecisionGround, decision: TrialDecision) -> str:
    verb = "accept" if decision.verdict == "accepted" else "decline"
    return f"{verb} trial {upon.papers.trials[decision.trial].design.name}"


def keep(agent: Agent, upon: TrialDecisionGround, decision: TrialDecision, by: str) -> None:
    """Keep a decision of this host, and record whose it is: `policy`, or a person in words."""
    guard.allow(agent.me.fleet, agent.me.host.name, "decide")
    agent.post.put(decision)
    name = upon.papers.trials[decision.trial].design.name
    whose = "" if by == "policy" else f" by {by}"
    begins = f", from {decision.first} on" if decision.first else ""
    text = f"trial {name} {decision.verdict}{whose}{begins}: {sanitize.page(decision.reason)}"
    agent.record(f"trial-{decision.verdict}", text, session=decision.first, about=decision.trial)


def _under_advice(agent: Agent) -> dict[Track, int]:
    """Return kind → the last session that an accepted recommendation covers."""
    host, trust, covered = agent.me.host.name, agent.watch.look(), dict[Track, int]()
    decided = interventions.decisions(agent.post, host)
    for digest, paper in interventions.addressed(agent.post, agent.me.fleet, host).items():
        decision = decided.get(digest)
        if decision is not None and decision.verdict == "accepted" and not trust.is_over(paper.valid_until):
            covered[paper.track] = max(covered.get(paper.track, 0), paper.last.number)
    return covered


STEP = WakeStep("decide-trials", actions, holders_of("decide"))
