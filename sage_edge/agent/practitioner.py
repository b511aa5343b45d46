"""What a host that may conduct does at a wake: finish, decide, conduct what is due."""

from __future__ import annotations

from datetime import datetime

from sage_edge import curriculum
from sage_edge.agent import decisions, slots
from sage_edge.agent.build import Agent
from sage_edge.inventory import guard
from sage_edge.names import TRACKS, Digest, Track
from sage_edge.records.study import Recommendation
from sage_edge.records.transcript import Slot, Transcript
from sage_edge.sessions import archive, interventions
from sage_edge.sessions.journal import numbers


def work(agent: Agent) -> None:
    """Finish what was cut off, decide on recommendations, conduct what is due. Raises Interrupted, EngineError, …"""
    guard.allow(agent.me.fleet, agent.me.host.name, "conduct")
    for transcript in agent.runner.finish():
        _tell(agent, transcript, "finished after an interruption")
    decide(agent)
    for due in due_now(agent, agent.clock.now()):
        if due.missed:
            agent.log("slots-missed", f"{due.missed} {due.track} slots before {due.at:%Y-%m-%d %H:%M}Z were missed")
        transcript = agent.runner.start(due.track, Slot(due=due.at, late=due.late))
        _tell(agent, transcript, "late" if due.late else "on time")


def by_hand(agent: Agent, track: Track) -> tuple[Transcript, ...]:
    """Finish what was cut off, or else conduct one session that serves no slot; return what was conducted."""
    guard.allow(agent.me.fleet, agent.me.host.name, "conduct")
    finished = agent.runner.finish()
    for transcript in finished:
        _tell(agent, transcript, "finished after an interruption")
    if finished:
        return finished
    transcript = agent.runner.start(track, None)
    _tell(agent, transcript, "started by hand")
    return (transcript,)


def decide(agent: Agent) -> None:
    """Answer every open recommendation that the policy can settle."""
    policy = agent.me.host.policy
    if policy is None or not agent.can("decide"):
        return
    lessons = curriculum.load(agent.paths.fleet)
    counts = {track: held(agent, track) for track in TRACKS}
    made = decisions.decide(
        agent.me.host.name, policy, lessons, open_papers(agent), counts, agent.clock.now()
    )  # fmt: skip
    for decision in made:
        agent.post.put(decision)
        text = f"recommendation {decision.recommendation.short} {decision.verdict}: {decision.reason}"
        agent.log(f"recommendation-{decision.verdict}", text, about=decision.recommendation)


def open_papers(agent: Agent) -> dict[Digest, Recommendation]:
    """Return the recommendations to this host that it has not answered yet."""
    answered = interventions.decisions(agent.post, agent.me)
    known = interventions.recommendations(agent.post, agent.me)
    return {digest: paper for digest, paper in known.items() if digest not in answered}


def due_now(agent: Agent, now: datetime) -> tuple[slots.Due, ...]:
    """Return the slots that are due, the earliest first."""
    schedule = agent.me.fleet.schedule_of(agent.me.host.name)
    found = (slots.due(schedule, agent.me.host.name, track, now, served(agent, track)) for track in TRACKS)
    return tuple(sorted((due for due in found if due is not None), key=lambda due: due.at))


def served(agent: Agent, track: Track) -> datetime | None:
    """Return the last slot of a track for which there is a transcript, or None."""
    for transcript in archive.newest_first(agent.paths.papers, track):
        if transcript.head.slot is not None:
            return transcript.head.slot.due
    return None


def held(agent: Agent, track: Track) -> int:
    """Return how many sessions of a track this host has ever claimed."""
    return archive.last_number(agent.paths.papers, numbers(agent.paths.journals), track)


def _tell(agent: Agent, transcript: Transcript, how: str) -> None:
    head, closing = transcript.head, transcript.closing
    text = f"{head.session} {closing.ending}, {closing.turns} turns, {how}, under {head.intervention.name}"
    agent.log("session-conducted", text, session=head.session, about=transcript.seal)
