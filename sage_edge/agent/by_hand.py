"""What is done because a person at this host asks for it: conduct a session, decide on a recommendation."""

from __future__ import annotations

from sage_edge.agent import decisions, trial_decisions
from sage_edge.agent.build import Agent
from sage_edge.agent.errors import DecisionRefused, TrialRefused
from sage_edge.agent.steps import decide as deciding
from sage_edge.agent.steps import decide_trials
from sage_edge.inventory import guard
from sage_edge.inventory.session_kinds import SessionKind
from sage_edge.names import Digest
from sage_edge.records.study import Recommendation
from sage_edge.records.transcript import Transcript
from sage_edge.records.trial import RestUntil


def conduct(agent: Agent, kind: SessionKind) -> tuple[Transcript, ...]:
    """Finish what was cut off, or else conduct one session that serves no slot; return what was conducted."""
    guard.allow(agent.me.fleet, agent.me.host.name, kind.ability)
    finished = agent.runner.finish()
    for transcript in finished:
        agent.record_session(transcript, "finished after an interruption")
    if finished:
        return finished
    transcript = agent.runner.start(kind, None)
    agent.record_session(transcript, "started by hand")
    return (transcript,)


def decide(
    agent: Agent,
    digest: Digest,
    paper: Recommendation,
    because: str,
    *,
    accepted: bool,
    rest_until: RestUntil = None,
) -> None:
    """Keep a person's decision on an open recommendation, and record it. Raises DecisionRefused, NotMyRole."""
    guard.allow(agent.me.fleet, agent.me.host.name, "decide")
    if (ground := deciding.ground(agent)) is None:
        raise DecisionRefused(digest.short, "this host is declared without a policy")
    decision = decisions.of_person(ground, digest, paper, because, accepted=accepted, rest_until=rest_until)
    if isinstance(decision, str):
        raise DecisionRefused(digest.short, decision)
    deciding.keep(agent, decision, "a person here")


def decide_trial(
    agent: Agent,
    digest: Digest,
    because: str,
    *,
    accepted: bool,
    rest_until: RestUntil = None,
) -> None:
    """Keep a person's decision on an offered trial, and record it. Raises TrialRefused, NotMyRole."""
    guard.allow(agent.me.fleet, agent.me.host.name, "decide")
    if (ground := decide_trials.ground(agent)) is None:
        raise TrialRefused(digest.short, "this host is declared without a policy")
    trial = ground.papers.trials[digest]
    decision = trial_decisions.of_person(ground, digest, trial, because, accepted=accepted, rest_until=rest_until)
    if isinstance(decision, str):
        raise TrialRefused(digest.short, decision)
    decide_trials.keep(agent, ground, decision, "a person here")
