"""Step: fetch and verify every host's branch. Without the exchange the wake works with what is on this machine."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import timedelta
from functools import partial

from sage_edge import hints
from sage_edge.agent import post_trouble
from sage_edge.agent.build import Agent
from sage_edge.agent.steps.base import Wake, WakeAction, WakeStep
from sage_edge.errors import SageError
from sage_edge.hints import sage
from sage_edge.records.worklog import Quarantine

SILENT_AFTER = timedelta(days=1)
"""A host that works says so at least every hour, so a branch on which nothing moves for a day is told."""


def actions(agent: Agent, wake: Wake) -> Iterator[WakeAction]:
    """Yield the one fetch."""
    yield WakeAction("receive", f"see what is new at {agent.me.fleet.remote}", partial(_receive, agent, wake))


def _receive(agent: Agent, wake: Wake) -> None:
    try:
        received = agent.post.receive()
    except SageError as trouble:
        post_trouble.note(agent, wake, trouble)
        with contextlib.suppress(SageError):  # what keeps us from asking the clone is that same trouble
            _tell(agent, wake, agent.post.quarantined())
        return
    _tell(agent, wake, received.quarantined)


def _tell(agent: Agent, wake: Wake, quarantined: tuple[Quarantine, ...]) -> None:
    wake.quarantined = quarantined
    for case in quarantined:
        wake.problems.append(str(case))
        ends = hints.text(sage("exchange trust", case.host, case.commit[:12], because="REASON"))
        agent.log(f"{case}; a person who knows why ends that by: {ends}")
    _note_silence(agent, wake)


def _note_silence(agent: Agent, wake: Wake) -> None:
    """Say which hosts fell silent: a hub that shows old things breaks no rule, but nothing moves there any more."""
    trust, fleet, floor = agent.watch.look(), agent.me.fleet, agent.watch.floor
    if trust.doubt is not None:
        return
    for host, at in sorted(agent.post.unmoved().items()):
        works = host in fleet.hosts and (fleet.conducts(host) or fleet.role_of(host).may("analyse"))
        since = max(at, floor)  # what a clock noted that was behind the floor is no time
        if works and trust.at - since > SILENT_AFTER:
            wake.problems.append(
                f"nothing new of {host} since {since:%Y-%m-%d %H:%M} UTC: it is off, or the hub shows old things"
            )


STEP = WakeStep("receive", actions, always=True)
