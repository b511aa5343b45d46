"""One host, from the first look to the committed release: the order of work, and what is told on the way.

    look → plan → lock → settle what is open → send image and models → stage → activate → (new connection) confirm

Whatever fails after the switch, the board itself goes back (`host.deploying`); whatever happens to this process, the
timer on the board does. Ctrl-C frees the lock and says where the board is.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

from sage_edge.deploy import plan as plans
from sage_edge.deploy.board import Board
from sage_edge.deploy.facts import Facts
from sage_edge.deploy.plan import Plan, SendImage, SendModel, Switch, TakeBack
from sage_edge.deploy.wanted import Wanted
from sage_edge.errors import SageError
from sage_edge.inventory.boards import Board as BoardCard
from sage_edge.names import ModelRef

Tell = Callable[[str], None]
Connect = Callable[[], AbstractContextManager[Board]]
"""Opens a connection of its own to the host."""


@dataclass(frozen=True)
class Carriers:
    """How bytes get to a board. image: makes the image pullable there, and yields where from; model: sends a model."""

    image: Callable[[Board, Wanted], AbstractContextManager[str | None]]
    model: Callable[[ModelRef], None]


@dataclass(frozen=True)
class Options:
    """cut: do not wait for a running session. The others are seconds."""

    cut: bool = False
    session_s: float = 3600
    health_s: float = 300
    revert_s: int = 900

    def patience(self) -> Mapping[str, Any]:
        """What the helper is told."""
        return {"cut": self.cut, "session_s": self.session_s, "health_s": self.health_s, "revert_s": self.revert_s}


@dataclass(frozen=True)
class Outcome:
    """What became of one host. running: the image that serves now, as the board reports it."""

    host: str
    release: str
    changed: bool
    canary: str = ""
    running: Mapping[str, Any] | None = None
    steps: tuple[str, ...] = field(default=())


def roll_out(
    connect: Connect, want: Callable[[Facts], Wanted], card: BoardCard, baked: frozenset[ModelRef],
    carriers: Carriers, options: Options, tell: Tell,
) -> Outcome:  # fmt: skip
    """Bring one host to what is wanted. want: what is so on the board → the release for it.

    Raises what `plan` raises, BoardLocked (5), RolledBack (6), RollbackFailed (7), Unreachable (4).
    """
    with connect() as board:
        facts = board.facts()
        wanted = want(facts)
        planned = plans.plan(wanted, facts, card, baked)
        if planned.is_empty:
            return Outcome(board.host, wanted.short, changed=False)
        for step in planned.steps:
            if isinstance(step, SendModel):  # before the lock: the store takes bytes by digest, from whomever
                tell(str(step))
                carriers.model(step.ref)
        with holding(board, f"deploy {wanted.short}", wanted.short) as token:
            said = _carry_out(board, token, planned, wanted, carriers, options, tell)
            done = _confirm(connect, token, wanted.short, tell)
    return Outcome(board.host, wanted.short, True, said, done.get("running"), tuple(map(str, planned.steps)))


@contextlib.contextmanager
def holding(board: Board, why: str, release: str | None = None) -> Iterator[str]:
    """Hold the board's lock for the body, and free it whatever happens; yields its token. Raises BoardLocked."""
    token = str(board.acquire(why, release)["token"])
    try:
        yield token
    finally:
        with contextlib.suppress(SageError):  # a board that is gone frees it by itself, after a while
            board.release_lock(token)


def _carry_out(
    board: Board, token: str, planned: Plan, wanted: Wanted, carriers: Carriers, options: Options, tell: Tell
) -> str:
    """Do the steps under the lock, up to the gate; return what the canary said."""
    said = ""
    image_from: str | None = None
    with contextlib.ExitStack() as open_ways:
        for step in planned.steps:
            if isinstance(step, SendModel):
                continue
            tell(str(step))
            if isinstance(step, TakeBack):
                board.recover("a new deployment found it open")
            elif isinstance(step, SendImage):
                image_from = open_ways.enter_context(carriers.image(board, wanted))
            elif isinstance(step, Switch):
                board.stage(token, wanted.files, image_from)
                said = str(board.activate(token, options.patience())["canary"])
    return said


def _confirm(connect: Connect, token: str, release: str, tell: Tell) -> Mapping[str, Any]:
    """Reach the board anew: what cannot be reached after the switch must go back, and does so by itself."""
    tell("healthy, and it answers; confirming over a new connection")
    with connect() as board:
        return board.confirm(token, release)


def roll_back(connect: Connect, to: str | None, options: Options, tell: Tell) -> Outcome:
    """Switch one host to a release that served before; what is reported is what runs, not what was asked for.

    Raises BoardUsage (2) when there is none, BoardLocked (5), RolledBack (6), RollbackFailed (7).
    """
    with connect() as board, holding(board, f"rollback to {to or 'the release before'}") as token:
        if board.facts().deployed.journal_state not in plans.OVER:
            board.recover("a rollback found it open")
        tell("switching back")
        gated = board.rollback(token, to, options.patience())
        release = str(gated["entry"]["release"])
        done = _confirm(connect, token, release, tell)
    return Outcome(board.host, release, True, str(gated["canary"]), done.get("running"))
