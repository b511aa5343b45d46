"""The types of a wake's steps: a step says what it would do and why, and the same value does it.

    for action in step.actions(agent, wake):      `agent plan` prints each action's what and why
        action.run()                              `agent once` carries each one out

There is no other description of a wake. Looking for actions fetches and writes nothing: only `run` does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TypeAlias

from sage_edge.agent.build import Agent
from sage_edge.errors import SageError
from sage_edge.inventory.roles import Ability
from sage_edge.records.worklog import Quarantine


@dataclass
class Wake:
    """What one wake has come to so far; its steps read it and add to it.

    failure: the error that ended the work early; papers written before it are safe.
    trouble: what stood between this host and the exchange; it ended nothing, and papers wait here (post_trouble).
    attempts: how often to try to reach the exchange before papers wait here.
    """

    attempts: int = 4
    problems: list[str] = field(default_factory=list)
    quarantined: tuple[Quarantine, ...] = ()
    failure: SageError | None = None
    trouble: SageError | None = None
    published: bool = False


@dataclass(frozen=True)
class WakeAction:
    """One thing that a wake would do, and why. run: does it; None where there is nothing to do, and that is said."""

    what: str
    why: str
    run: Callable[[], None] | None = None


FindActions: TypeAlias = Callable[[Agent, Wake], Iterable[WakeAction]]
"""Returns what there is to do, from what is on this machine. An action is looked for when those before it are done."""


def anybody(agent: Agent) -> bool:  # noqa: ARG001 - the signature of `is_for`
    """Return True: the step is part of every host's wake."""
    return True


def holders_of(ability: Ability) -> Callable[[Agent], bool]:
    """Return a test for hosts whose role has an ability."""
    return lambda agent: agent.can(ability)


@dataclass(frozen=True)
class WakeStep:
    """One step of a wake.

    is_for: whether it is part of a host's wake. always: it is carried out after a failure, too, and its own error ends
    the wake at once; otherwise its error is the wake's failure, and the steps that are not `always` are left out.
    """

    name: str
    actions: FindActions
    is_for: Callable[[Agent], bool] = anybody
    always: bool = False
