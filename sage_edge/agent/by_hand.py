"""`session run`: a session because a person asks for it, not because a slot is due."""

from __future__ import annotations

from sage_edge.agent.build import Agent
from sage_edge.inventory import guard
from sage_edge.names import Track
from sage_edge.records.transcript import Transcript


def conduct(agent: Agent, track: Track) -> tuple[Transcript, ...]:
    """Finish what was cut off, or else conduct one session that serves no slot; return what was conducted."""
    guard.allow(agent.me.fleet, agent.me.host.name, "conduct")
    finished = agent.runner.finish()
    for transcript in finished:
        agent.record_session(transcript, "finished after an interruption")
    if finished:
        return finished
    transcript = agent.runner.start(track, None)
    agent.record_session(transcript, "started by hand")
    return (transcript,)
