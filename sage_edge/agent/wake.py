"""One wake: the steps that this host's role asks for, planned or carried out.

No trouble of the exchange ends work that needs no exchange: papers wait in the state folder and go out with the next
wake that reaches it.
"""

from __future__ import annotations

from sage_edge import files, locks
from sage_edge.agent import clock_doubt, post_trouble, served_slots, steps
from sage_edge.agent.build import Agent
from sage_edge.agent.steps import Wake, WakeAction, WakeStep
from sage_edge.errors import SageError
from sage_edge.sessions.errors import SessionInterrupted


def steps_for(agent: Agent) -> tuple[WakeStep, ...]:
    """Return the steps that are part of this host's wake, in order."""
    return tuple(step for step in steps.STEPS if step.is_for(agent))


def plan(agent: Agent) -> tuple[WakeAction, ...]:
    """Return what a wake at this moment would do, in order; nothing is fetched and nothing is written.

    Branches of other hosts are as last received.
    """
    wake = Wake()
    return tuple(action for step in steps_for(agent) for action in step.actions(agent, wake))


def once(agent: Agent, *, attempts: int = 4) -> Wake:
    """Wake once and return what came of it. Raises Locked when another agent runs, and StorageError."""
    with locks.hold(agent.paths.locks / "agent.lock", f"the agent of {agent.me.host.name}"):
        files.sweep(agent.paths.journals)
        wake = Wake(attempts)
        agent.events.clear()
        clock_doubt.note(agent, wake)
        _open(agent, wake)
        post_trouble.note_strange(agent, wake)
        for step in steps_for(agent):
            if step.always:
                _carry_out(step, agent, wake)
            elif wake.failure is None:
                _try(step, agent, wake)
            post_trouble.note_repairs(agent)
            if isinstance(wake.failure, SessionInterrupted):
                break  # whoever asked us to stop does not wait for the net; the next wake publishes
        served_slots.remember(agent.paths, agent.scheduled)
        return wake


def _open(agent: Agent, wake: Wake) -> None:
    try:
        agent.post.open()
    except SageError as trouble:
        post_trouble.note(agent, wake, trouble)


def _try(step: WakeStep, agent: Agent, wake: Wake) -> None:
    try:
        _carry_out(step, agent, wake)
    except SageError as failure:
        wake.failure = failure
        wake.problems.append(failure.message)


def _carry_out(step: WakeStep, agent: Agent, wake: Wake) -> None:
    for action in step.actions(agent, wake):
        if action.run is not None:
            action.run()
