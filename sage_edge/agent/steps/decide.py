"""Step: answer every open recommendation that the host's policy can settle."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from sage_edge import curriculum
from sage_edge.agent import decisions
from sage_edge.agent.build import Agent
from sage_edge.agent.steps.base import Wake, WakeAction, WakeStep, holders_of
from sage_edge.inventory import guard
from sage_edge.records.study import Decision
from sage_edge.sessions import interventions


def actions(agent: Agent, wake: Wake) -> Iterator[WakeAction]:  # noqa: ARG001 - the signature of a step
    """Yield a decision for each open recommendation; under the policy `manual` some are left to a person."""
    policy = agent.me.host.policy
    if policy is None:
        return
    papers = interventions.unanswered(agent.post, agent.me)
    lessons = curriculum.load(agent.paths.fleet)
    last = {kind.name: agent.runner.last_number(kind) for kind in agent.me.fleet.kinds}
    trust = agent.watch.look()
    settled = decisions.decide(agent.me.host.name, policy, lessons, papers, last, trust)
    for decision in settled:
        verb = "accept" if decision.verdict == "accepted" else "decline"
        what = f"{verb} recommendation {decision.recommendation.short}"
        yield WakeAction(what, decision.reason, partial(_decide, agent, decision))
    for digest in sorted(papers.keys() - {decision.recommendation for decision in settled}):
        why = (
            "the policy is manual: a person decides" if trust.doubt is None else f"the clock is in doubt: {trust.doubt}"
        )
        yield WakeAction(f"leave recommendation {digest.short} open", why)


def _decide(agent: Agent, decision: Decision) -> None:
    guard.allow(agent.me.fleet, agent.me.host.name, "decide")
    agent.post.put(decision)
    text = f"recommendation {decision.recommendation.short} {decision.verdict}: {decision.reason}"
    agent.record(f"recommendation-{decision.verdict}", text, about=decision.recommendation)


STEP = WakeStep("decide", actions, holders_of("decide"))
