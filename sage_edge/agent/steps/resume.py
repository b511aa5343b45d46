"""Step: finish the sessions that were cut off, before anything new begins."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from sage_edge.agent.build import Agent
from sage_edge.agent.steps.base import Wake, WakeAction, WakeStep
from sage_edge.inventory import guard
from sage_edge.names import SessionId


def actions(agent: Agent, wake: Wake) -> Iterator[WakeAction]:  # noqa: ARG001 - the signature of a step
    """Yield one action for each session that has a journal and no transcript."""
    for session in agent.runner.unfinished():
        why = "its journal has no transcript yet: it was cut off"
        yield WakeAction(f"go on with {session}", why, partial(_resume, agent, session))


def _resume(agent: Agent, session: SessionId) -> None:
    guard.allow(agent.me.fleet, agent.me.host.name, agent.me.fleet.kinds.of(session).ability)
    transcript = agent.runner.resume(session)
    if transcript is not None:
        agent.record_session(transcript, "finished after an interruption")


def is_for(agent: Agent) -> bool:
    """Return whether a host may conduct any kind of session."""
    return agent.me.fleet.conducts(agent.me.host.name)


STEP = WakeStep("resume", actions, is_for)
