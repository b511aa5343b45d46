"""Step: conduct the sessions whose slots are due, the earliest first."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import partial

from sage_edge.agent import served_slots, slots
from sage_edge.agent.build import Agent
from sage_edge.agent.steps.base import Wake, WakeAction, WakeStep
from sage_edge.inventory import guard
from sage_edge.inventory.session_kinds import SessionKind
from sage_edge.names import SessionId
from sage_edge.records.transcript import Slot


def actions(agent: Agent, wake: Wake) -> Iterator[WakeAction]:  # noqa: ARG001 - the signature of a step
    """Yield a session for each slot that is due, or one action that says when the next one starts."""
    trust = agent.watch.look()
    if trust.doubt is not None:
        yield WakeAction("conduct nothing", f"the clock is in doubt: {trust.doubt}")
        return
    now = trust.at
    dues = due_now(agent, now)
    for due in dues:
        kind = agent.me.fleet.kinds.named(due.track)
        session = SessionId.of(kind.letter, agent.runner.last_number(kind) + 1)
        how = ", late" if due.late else ""
        missed = f"; {due.missed} slots before it were missed" if due.missed else ""
        why = f"the slot of {due.at:%Y-%m-%d %H:%M}Z is due{how}{missed}"
        yield WakeAction(f"conduct {session}", why, partial(_conduct, agent, kind, due))
    after = agent.next_slot(trust)
    if not dues and after is not None:
        yield WakeAction("conduct nothing", f"the next slot starts at {after:%Y-%m-%d %H:%M:%S}Z")


def _conduct(agent: Agent, kind: SessionKind, due: slots.Due) -> None:
    guard.allow(agent.me.fleet, agent.me.host.name, kind.ability)
    if due.missed:
        agent.record("slots-missed", f"{due.missed} {due.track} slots before {due.at:%Y-%m-%d %H:%M}Z were missed")
    transcript = agent.runner.start(kind, Slot(due=due.at, late=due.late))
    agent.record_session(transcript, "late" if due.late else "on time")


def due_now(agent: Agent, now: datetime) -> tuple[slots.Due, ...]:
    """Return the slots that are due, the earliest first."""
    schedule, host = agent.schedule, agent.me.host.name
    dues = (slots.due(schedule, host, track, now, served_slots.of(agent.paths, track)) for track in agent.scheduled)
    return tuple(sorted((due for due in dues if due is not None), key=lambda due: due.at))


def is_for(agent: Agent) -> bool:
    """Return whether a host conducts any kind of session at slots."""
    return bool(agent.scheduled)


STEP = WakeStep("conduct", actions, is_for)
