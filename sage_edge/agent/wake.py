"""One wake: receive, work by the role's abilities, write the status, publish.

Offline nothing is lost: papers wait in the state folder and go out with the next wake that reaches the exchange.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from sage_edge import files, locks
from sage_edge.agent import practitioner, researcher, slots
from sage_edge.agent.build import Agent
from sage_edge.errors import SageError, Unreachable
from sage_edge.names import SessionId, Track
from sage_edge.records.worklog import Quarantine, Status
from sage_edge.sessions import archive
from sage_edge.sessions.conduct import Interrupted


@dataclass
class Wake:
    """What one wake came to. `failure`: the error that ended the work early; papers written before it are safe."""

    problems: list[str] = field(default_factory=list)
    quarantined: tuple[Quarantine, ...] = ()
    failure: SageError | None = None
    published: bool = False


def once(agent: Agent, *, attempts: int = 4) -> Wake:
    """Wake once and return what came of it. Raises Locked when another agent runs, and OwnBranchBroken."""
    with locks.hold(agent.paths.locks / "agent.lock", f"the agent of {agent.me.host.name}"):
        files.sweep(agent.paths.journals)
        wake = Wake()
        agent.actions.clear()
        agent.post.open()
        _receive(agent, wake)
        try:
            _work(agent, wake)
        except SageError as failure:
            wake.failure = failure
            wake.problems.append(failure.message)
        if isinstance(wake.failure, Interrupted):
            return wake  # whoever asked us to stop does not wait for the net; the next wake publishes
        _report(agent, wake)
        _publish(agent, wake, attempts)
        return wake


def _receive(agent: Agent, wake: Wake) -> None:
    try:
        received = agent.post.receive()
    except Unreachable as away:
        wake.problems.append(away.message)
        agent.tell(f"offline, working with what is here: {away.message}")
        return
    wake.quarantined = received.quarantined
    for case in received.quarantined:
        wake.problems.append(f"the branch of {case.host} breaks a rule: {case.detail}")
        agent.tell(f"not reading {case.host} beyond {case.trusted or 'nothing'}: {case.detail}")


def _work(agent: Agent, wake: Wake) -> None:
    if agent.can("conduct"):
        practitioner.work(agent)
    if agent.can("analyse"):
        wake.problems.extend(researcher.work(agent))


def _report(agent: Agent, wake: Wake) -> None:
    me, now = agent.me, agent.clock.now()
    conducts = agent.can("conduct")
    agent.post.set_status(
        Status(
            host=me.host.name, role=me.role.name, at=now, time_source=agent.clock.source, release=agent.release,
            last_primary=_last(agent, "primary"), last_training=_last(agent, "training"),
            next_due=slots.following(me.fleet.schedule_of(me.host.name), me.host.name, now) if conducts else None,
            pending=tuple(sorted(practitioner.open_papers(agent))) if agent.can("decide") else (),
            quarantined=wake.quarantined, problems=tuple(wake.problems),
        )
    )  # fmt: skip


def _last(agent: Agent, track: Track) -> SessionId | None:
    held = archive.sessions(agent.paths.papers, track)
    return held[-1] if held else None


def _publish(agent: Agent, wake: Wake, attempts: int) -> None:
    summary = ", ".join(dict.fromkeys(agent.actions)) or "status"
    try:
        agent.post.publish(summary, attempts=attempts, stop=agent.stop)
        wake.published = True
    except Unreachable as away:
        wake.problems.append(away.message)
        agent.tell(f"{agent.post.unpublished()} papers wait here until the exchange answers")
