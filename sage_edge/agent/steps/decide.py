"""Step: answer every directive to this host, then every open recommendation that the host's policy can settle."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from sage_edge import curriculum, sanitize
from sage_edge.agent import advice_rest, decisions, directed, directives
from sage_edge.agent.build import Agent
from sage_edge.agent.decisions import DecisionGround
from sage_edge.agent.steps.base import Wake, WakeAction, WakeStep, holders_of
from sage_edge.inventory import guard
from sage_edge.names import Digest, HostName
from sage_edge.records.directive import DirectiveAnswer, TrialAct
from sage_edge.records.study import Decision
from sage_edge.sessions import interventions


def ground(agent: Agent) -> DecisionGround | None:
    """Return what this host decides upon; None for one that is declared without a policy."""
    if agent.me.host.policy is None:
        return None
    return DecisionGround(
        agent.me.host.name,
        agent.me.host.policy,
        curriculum.load(agent.paths.fleet),
        {kind.name: agent.runner.last_number(kind) for kind in agent.me.fleet.kinds},
        agent.watch.look(),
    )


def actions(agent: Agent, wake: Wake) -> Iterator[WakeAction]:
    """Yield a reply to each open directive, and a decision for each recommendation that is open after these.

    Under the policy `manual` some are left to a person.
    """
    upon, fleet, host = ground(agent), agent.me.fleet, agent.me.host.name
    if upon is None:
        return
    papers = directed.papers(agent.post, fleet, host, wake.problems)
    replies = directives.settle(upon, fleet, papers)
    for digest, reply in replies.items():
        yield _replying(agent, digest, papers.given[digest].author, reply)
    decided = (reply.recommendation for reply in replies.values() if isinstance(reply, Decision))
    settled = {*papers.decisions, *decided}
    waiting = {
        digest: paper for digest, paper in papers.recommendations.items() if paper.to == host and digest not in settled
    }
    by_policy = decisions.decide(upon, waiting)
    for decision in by_policy:
        yield WakeAction(_deciding(decision), decision.reason, partial(keep, agent, decision, "policy"))
    doubt = f"the clock is in doubt: {upon.trust.doubt}"
    why = "the policy is manual: a person decides" if upon.trust.doubt is None else doubt
    for digest in sorted(waiting.keys() - {decision.recommendation for decision in by_policy}):
        yield WakeAction(f"leave recommendation {digest.short} open", why)
    undated = {digest for digest, paper in papers.open.items() if not isinstance(paper.act, TrialAct)}
    for digest in undated - replies.keys():
        yield WakeAction(f"leave directive {digest.short} open", f"it has a deadline, and {doubt}")


def answering(agent: Agent, reply: DirectiveAnswer, author: HostName) -> WakeAction:
    """Return the action that answers a directive which led to no decision."""
    what = f"answer directive {reply.directive.short} of {author}"
    return WakeAction(what, f"{reply.verdict}: {reply.reason}", partial(_answer, agent, reply, author))


def _replying(agent: Agent, digest: Digest, author: HostName, reply: Decision | DirectiveAnswer) -> WakeAction:
    if isinstance(reply, DirectiveAnswer):
        return answering(agent, reply, author)
    by = f"{author} in directive {digest.short}"
    return WakeAction(_deciding(reply), f"directed by {by}", partial(keep, agent, reply, by))


def _deciding(decision: Decision) -> str:
    verb = "accept" if decision.verdict == "accepted" else "decline"
    return f"{verb} recommendation {decision.recommendation.short}"


def keep(agent: Agent, decision: Decision, by: str) -> None:
    """Keep a decision of this host, and record whose it is: `policy`, or a person in words."""
    guard.allow(agent.me.fleet, agent.me.host.name, "decide")
    agent.post.put(decision)
    whose = "" if by == "policy" else f" by {by}"
    reason = sanitize.page(decision.reason)
    text = (
        f"recommendation {decision.recommendation.short} {decision.verdict}{whose}: {reason}{_resting(agent, decision)}"
    )
    agent.record(f"recommendation-{decision.verdict}", text, about=decision.recommendation)


def _resting(agent: Agent, decision: Decision) -> str:
    """That what was accepted has no effect while a trial runs, as the end of a sentence; empty where it has."""
    digest = decision.recommendation
    advice = interventions.addressed(agent.post, agent.me.fleet, agent.me.host.name)
    if decision.verdict == "declined" or digest not in advice:
        return ""
    reasons = advice_rest.at(agent, {digest: decision}, {digest: advice[digest]})
    return f"; {reasons[digest]}" if digest in reasons else ""


def _answer(agent: Agent, answer: DirectiveAnswer, author: str) -> None:
    guard.allow(agent.me.fleet, agent.me.host.name, "decide")
    agent.post.put(answer)
    text = f"directive {answer.directive.short} of {author} {answer.verdict}: {answer.reason}"
    agent.record(f"directive-{answer.verdict}", text, about=answer.directive)


STEP = WakeStep("decide", actions, holders_of("decide"))
