"""`agent run`: wake, wait, wake again, until it is told to stop.

It wakes at each slot and every `wake_every` in between. A failing wake is reported when the failure starts and when
it is over, not in between, and a heartbeat that cannot be written is one, too; only what no waiting can mend (a guard,
a declaration) ends the loop. A hub that does not answer is no failure; one that says no is, but no slot waits for it.
"""

from __future__ import annotations

from datetime import timedelta

from sage_edge.agent import wake
from sage_edge.agent.build import Agent
from sage_edge.errors import DeclarationError, SageError, Unreachable
from sage_edge.inventory.errors import RoleError
from sage_edge.sessions.errors import SessionInterrupted

_LONGEST_BACK_OFF = timedelta(minutes=10)


def run(agent: Agent) -> None:
    """Return when `agent.stop` is set. Raises RoleError, DeclarationError."""
    agent.log(_beginning(agent))
    failing: str | None = None
    failures = 0
    while not agent.stop.is_set():
        agent.heartbeat.beat(failing)
        trouble = _wake(agent) or agent.heartbeat.beat()
        if trouble != failing:
            agent.log(f"failing: {trouble}" if trouble else "all is well again")
            failing = trouble
        failures = failures + 1 if trouble else 0
        agent.heartbeat.wait(_pause(agent, failures).total_seconds(), agent.stop, failing)


def _beginning(agent: Agent) -> str:
    """Say that it runs: the first line of a log in which, on a quiet day, nothing else would stand for hours."""
    trust, release = agent.watch.look(), agent.release
    following = agent.next_slot(trust)
    slot = f"; the next slot is {following:%Y-%m-%d %H:%M} UTC" if following else ""
    return f"started, release {release}; a wake every {agent.me.fleet.wake_every.total_seconds() / 60:g} minutes{slot}"


def _wake(agent: Agent) -> str | None:
    """Wake once, and return the failure's message or None."""
    try:
        result = wake.once(agent)
        failure = result.failure or (None if isinstance(result.trouble, Unreachable) else result.trouble)
    except SageError as failed:
        failure = failed
    if isinstance(failure, (RoleError, DeclarationError)):
        raise failure
    return None if failure is None or isinstance(failure, SessionInterrupted) else failure.message


def _pause(agent: Agent, failures: int) -> timedelta:
    """Return how long to wait: until the next slot or wake; longer after failures, never over ten minutes."""
    trust = agent.watch.look()
    pause: timedelta = agent.me.fleet.wake_every
    if failures:
        pause = min(_LONGEST_BACK_OFF, timedelta(seconds=5 * 2 ** min(failures, 10)))
    if (following := agent.next_slot(trust)) is not None:
        pause = min(pause, following - trust.at)
    return max(pause, timedelta(seconds=1))
