"""Step: replace the status page, which says how this host is and what this wake came to."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from sage_edge.agent.build import Agent
from sage_edge.agent.steps.base import Wake, WakeAction, WakeStep
from sage_edge.names import SessionId, Track
from sage_edge.records.worklog import Status
from sage_edge.sessions import archive, interventions


def actions(agent: Agent, wake: Wake) -> Iterator[WakeAction]:
    """Yield the one page."""
    yield WakeAction("write the status", "it is replaced at every wake", partial(write, agent, wake))


def write(agent: Agent, wake: Wake) -> None:
    """Replace the page by what this wake has come to so far."""
    me, trust = agent.me, agent.watch.look()
    pending = interventions.unanswered(agent.post, me.fleet, me.host.name) if agent.can("decide") else {}
    agent.post.set_status(
        Status(
            host=me.host.name,
            role=me.role.name,
            at=trust.at,
            time_source=agent.clock.source,
            release=agent.release,
            last_primary=_last(agent, "primary"),
            last_training=_last(agent, "training"),
            next_due=agent.next_slot(trust),
            pending=tuple(sorted(pending)),
            quarantined=wake.quarantined,
            problems=tuple(wake.problems),
            clock_doubt=trust.doubt,
            clock_newest=agent.watch.newest,
        )
    )


# these two alone: the page's format is older than other kinds of sessions
def _last(agent: Agent, track: Track) -> SessionId | None:
    held = archive.sessions(agent.paths.papers, track)
    return held[-1] if held else None


STEP = WakeStep("status", actions, always=True)
