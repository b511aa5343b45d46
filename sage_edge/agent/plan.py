"""What a wake would do and why, from what is on this machine; nothing is fetched and nothing is written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sage_edge import curriculum
from sage_edge.agent import decisions, practitioner, researcher, slots
from sage_edge.agent.build import Agent
from sage_edge.names import TRACKS, SessionId
from sage_edge.sessions import archive
from sage_edge.sessions.journal import numbers


@dataclass(frozen=True)
class Intent:
    """One thing that the next wake would do."""

    action: str
    why: str


def plan(agent: Agent) -> tuple[Intent, ...]:
    """Return what a wake at this moment would do, in order. Branches of others are as last received."""
    intents = [Intent("receive", f"see what is new at {agent.me.fleet.remote}")]
    if agent.can("conduct"):
        intents += [*_resumes(agent), *_decisions(agent), *_sessions(agent)]
    if agent.can("analyse"):
        intents += _studies(agent)
    intents.append(Intent("publish", "the status is replaced at every wake"))
    return tuple(intents)


def _resumes(agent: Agent) -> Iterator[Intent]:
    for session in archive.unfinished(agent.paths.papers, numbers(agent.paths.journals)):
        yield Intent(f"go on with {session}", "its journal has no transcript yet: it was cut off")


def _decisions(agent: Agent) -> Iterator[Intent]:
    policy = agent.me.host.policy
    if policy is None:
        return
    papers = practitioner.open_papers(agent)
    lessons = curriculum.load(agent.paths.fleet)
    held = {track: practitioner.held(agent, track) for track in TRACKS}
    made = decisions.decide(agent.me.host.name, policy, lessons, papers, held, agent.clock.now())
    for decision in made:
        verb = "accept" if decision.verdict == "accepted" else "decline"
        yield Intent(f"{verb} recommendation {decision.recommendation.short}", decision.reason)
    for digest in sorted(papers.keys() - {decision.recommendation for decision in made}):
        yield Intent(f"leave recommendation {digest.short} open", "the policy is manual: a person decides")


def _sessions(agent: Agent) -> Iterator[Intent]:
    now = agent.clock.now()
    dues = practitioner.due_now(agent, now)
    for due in dues:
        session = SessionId.of(due.track, practitioner.held(agent, due.track) + 1)
        how = ", late" if due.late else ""
        missed = f"; {due.missed} slots before it were missed" if due.missed else ""
        yield Intent(f"conduct {session}", f"the slot of {due.at:%Y-%m-%d %H:%M}Z is due{how}{missed}")
    if not dues:
        after = slots.following(agent.me.fleet.schedule_of(agent.me.host.name), agent.me.host.name, now)
        yield Intent("conduct nothing", f"the next slot starts at {after:%Y-%m-%d %H:%M:%S}Z")


def _studies(agent: Agent) -> Iterator[Intent]:
    papers = researcher.new_papers(agent).papers
    for paper in papers:
        yield Intent(f"write a {type(paper).__name__.lower()}", researcher.describe(paper))
    if not papers:
        yield Intent("study nothing", "every verified transcript has its finding")
