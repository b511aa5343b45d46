"""Step: commit what is new and push it; what the exchange does not take goes out with a later wake."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from sage_edge.agent import post_trouble
from sage_edge.agent.build import Agent
from sage_edge.agent.steps import status
from sage_edge.agent.steps.base import Wake, WakeAction, WakeStep
from sage_edge.errors import SageError
from sage_edge.sizes import counted


def actions(agent: Agent, wake: Wake) -> Iterator[WakeAction]:
    """Yield the one push."""
    why = "the others read what is new, and see that this host is awake"
    yield WakeAction("publish", why, partial(_publish, agent, wake))


def _publish(agent: Agent, wake: Wake) -> None:
    summary = ", ".join(dict.fromkeys(agent.events)) or "status"
    try:
        published = agent.post.publish(summary, attempts=wake.attempts, stop=agent.stop)
    except SageError as trouble:
        post_trouble.note(agent, wake, trouble)
        status.write(agent, wake)
        agent.log(f"{counted(agent.post.unpublished(), 'paper')} unpublished, kept here until the exchange takes them")
        return
    wake.published = True
    if published.unpacked:
        agent.log(f"the clone could not be packed, and grows: {published.unpacked}")
    if wake.trouble is None:
        post_trouble.note_over(agent)


STEP = WakeStep("publish", actions, always=True)
