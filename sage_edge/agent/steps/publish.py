"""Step: commit what is new and push it; without the exchange it goes out with a later wake."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from sage_edge.agent.build import Agent
from sage_edge.agent.steps.base import Wake, WakeAction, WakeStep
from sage_edge.errors import Unreachable
from sage_edge.sizes import counted


def actions(agent: Agent, wake: Wake) -> Iterator[WakeAction]:
    """Yield the one push."""
    why = "the others read what is new, and see that this host is awake"
    yield WakeAction("publish", why, partial(_publish, agent, wake))


def _publish(agent: Agent, wake: Wake) -> None:
    summary = ", ".join(dict.fromkeys(agent.events)) or "status"
    try:
        agent.post.publish(summary, attempts=wake.attempts, stop=agent.stop)
        wake.published = True
    except Unreachable as away:
        wake.problems.append(away.message)
        agent.log(f"{counted(agent.post.unpublished(), 'paper')} unpublished, kept here until the exchange answers")


STEP = WakeStep("publish", actions, always=True)
