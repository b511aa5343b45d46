"""Conduct a session because a person asks for it, not because a slot is due: `sage-edge session run`."""

from __future__ import annotations

from sage_edge.agent.build import Agent
from sage_edge.inventory import guard
from sage_edge.inventory.session_kinds import SessionKind
from sage_edge.records.transcript import Transcript


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
