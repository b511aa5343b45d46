"""Step: fetch and verify every host's branch. Without the exchange the wake works with what is on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from sage_edge.agent import post_trouble
from sage_edge.agent.build import Agent
from sage_edge.agent.steps.base import Wake, WakeAction, WakeStep
from sage_edge.errors import SageError


def actions(agent: Agent, wake: Wake) -> Iterator[WakeAction]:
    """Yield the one fetch."""
    yield WakeAction("receive", f"see what is new at {agent.me.fleet.remote}", partial(_receive, agent, wake))


def _receive(agent: Agent, wake: Wake) -> None:
    try:
        received = agent.post.receive()
    except SageError as trouble:
        post_trouble.note(agent, wake, trouble)
        return
    wake.quarantined = received.quarantined
    for case in received.quarantined:
        wake.problems.append(f"the branch of {case.host} breaks a rule: {case.detail}")
        agent.log(f"not reading {case.host} beyond {case.trusted or 'nothing'}: {case.detail}")


STEP = WakeStep("receive", actions, always=True)
