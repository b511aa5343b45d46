"""Deploy to one host, from the first probe to the committed release: the order of work, and what is logged.

    look → plan → lock → settle what is open → send image and models → stage → activate → (new connection) confirm

Whatever fails after the switch, the board itself goes back (`host.deployment`); whatever happens to this process, the
timer on the board does. Ctrl-C frees the lock and says where the board is.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from typing import Any

from sage_edge.clock import SystemClock
from sage_edge.deploy import plan as plans
from sage_edge.deploy import preflight
from sage_edge.deploy.desired_release import DesiredRelease
from sage_edge.deploy.held_lock import holding
from sage_edge.deploy.plan import Plan, Restore, SendImage, SendModel, SetAside, TakeBack
from sage_edge.deploy.rollout_options import RolloutOutcome, RolloutTimeouts
from sage_edge.errors import Unreachable
from sage_edge.inventory.board_card import Board as BoardCard
from sage_edge.names import Digest, ModelRef
from sage_edge.remote.board.client import BoardClient
from sage_edge.remote.board.identity_check import require_own
from sage_edge.remote.board.probe import BoardProbe
from sage_edge.remote.errors import RollbackFailed

Connect = Callable[[], AbstractContextManager[BoardClient]]
"""Opens a connection of its own to the host."""


@dataclass(frozen=True)
class Carriers:
    """How bytes get to a board. model: sends a model. earlier: sends the image of a release
    that served before, or raises.

    image: makes the image pullable there, and yields what to pull, one after the other; nothing: it is there already.
    permit: signs a release, or returns None where nobody has to.
    """

    image: Callable[[BoardClient, DesiredRelease], AbstractContextManager[tuple[str, ...]]]
    model: Callable[[ModelRef], None]
    earlier: Callable[[BoardClient, str, Digest], None]
    permit: Callable[[DesiredRelease], Mapping[str, str] | None] = lambda _: None


def roll_out(
    board: BoardClient,
    facts: BoardProbe,
    want: Callable[[BoardProbe], DesiredRelease],
    card: BoardCard,
    connect: Connect,
    carriers: Carriers,
    timeouts: RolloutTimeouts,
    log: Callable[[str], None],
    *,
    unpin: bool = False,
) -> RolloutOutcome:
    """Bring a host that was just looked at to what is wanted. want: what is so on the board → the release for it.

    unpin: even to what it was rolled back from.
    Raises what `plan` raises, BoardLocked (5), RolledBack (6), RollbackFailed (7), Unreachable (4) or
    HostInterrupted (130).
    """
    wanted = want(facts)
    planned = plans.plan(wanted, facts, card, unpin=unpin)
    if planned.is_empty:
        if unpin and facts.deployed.pin is not None:
            with holding(board, "unpin", timeouts, wanted.short) as token:
                board.unpin(token, wanted.short)
        return RolloutOutcome(board.host, wanted.short, changed=False)
    done = tuple(map(str, planned.steps))
    if isinstance(planned.steps[0], Restore):
        log(done[0])
        return replace(roll_back(connect, planned.release, timeouts, log, carriers.earlier), steps=done)
    _carry_models(planned, carriers, log)  # before the lock: the store takes bytes by digest, from whomever
    with holding(board, f"deploy {wanted.short}", timeouts, wanted.short) as token:
        if isinstance(planned.steps[0], TakeBack):
            _settle(board, str(planned.steps[0]), "a new deployment found it open", log)
        if any(isinstance(step, SetAside) for step in planned.steps):
            board.set_aside(token)
        if isinstance(planned.steps[0], TakeBack | SetAside):
            facts = board.facts()  # what was open may have been this very release
            wanted = want(facts)
            planned = plans.plan(wanted, facts, card, unpin=unpin)
        canary = _carry_out(board, token, planned, wanted, carriers, timeouts, log)
        with _taken_back_alone(wanted.short, timeouts):
            confirmed = _confirm(connect, token, wanted.short, log) if planned.steps else {}
    return RolloutOutcome(board.host, wanted.short, True, canary, confirmed.get("running"), done)


def _settle(board: BoardClient, what: str, because: str, log: Callable[[str], None]) -> None:
    """Let the board finish or take back what is open; where it cannot, what is asked for now leads out."""
    with timed(log, what):
        try:
            board.recover(because)
        except RollbackFailed as failed:
            log(f"  {failed.message}; going on")


def _carry_models(planned: Plan, carriers: Carriers, log: Callable[[str], None]) -> None:
    for step in planned.steps:
        if isinstance(step, SendModel):
            with timed(log, str(step)):
                carriers.model(step.ref)


@contextlib.contextmanager
def timed(log: Callable[[str], None], what: str) -> Iterator[None]:
    """Log that something begins, and how long it took."""
    log(what)
    began = time.monotonic()
    yield
    log(f"  done in {time.monotonic() - began:.1f} s")


def _carry_out(
    board: BoardClient,
    token: str,
    planned: Plan,
    wanted: DesiredRelease,
    carriers: Carriers,
    timeouts: RolloutTimeouts,
    log: Callable[[str], None],
) -> str:
    """Do the steps under the lock, up to the gate; return what the canary said."""
    if not planned.steps:
        return ""
    image_from: tuple[str, ...] = ()
    permit = carriers.permit(wanted)  # first: whoever may not sign sends nothing
    with contextlib.ExitStack() as open_ways:
        for step in planned.steps:
            if isinstance(step, SendImage):
                with timed(log, str(step)):
                    image_from = open_ways.enter_context(carriers.image(board, wanted))
                    board.fetch(token, wanted.files["release.json"], image_from)
        with timed(log, "stage the release"):
            board.stage(token, wanted.files, image_from, permit)
    with timed(log, str(planned.steps[-1])), _taken_back_alone(wanted.short, timeouts):
        return str(board.activate(token, asdict(timeouts))["canary"])


@contextlib.contextmanager
def _taken_back_alone(release: str, timeouts: RolloutTimeouts) -> Iterator[None]:
    """Say of a board that is lost during a switch what becomes of it: its timer takes the release back."""
    try:
        yield
    except Unreachable as lost:
        at = SystemClock().now() + timedelta(seconds=timeouts.revert_s)
        then = f"if it had begun to switch to {release}, it takes itself back at {at:%H:%M:%S} UTC"
        raise Unreachable(f"{lost.message}; {then}", hint=lost.hint) from None


def _confirm(connect: Connect, token: str, release: str, log: Callable[[str], None]) -> Mapping[str, Any]:
    """Reach the board anew: what cannot be reached after the switch must go back, and does so by itself."""
    with timed(log, "healthy, and it answers; confirm over a new connection"), connect() as board:
        return board.confirm(token, release)


def send_image(
    connect: Connect, want: Callable[[BoardProbe], DesiredRelease], carriers: Carriers, log: Callable[[str], None]
) -> bool:
    """Bring the image of a release to one host and nothing else; return whether it was missing there."""
    with connect() as board:
        facts = board.facts()
        wanted = want(facts)
        require_own(facts, wanted.fleet)
        if facts.engine is not None and wanted.release.image in facts.engine.images:
            return False
        preflight.require_disk_space(wanted, facts)
        what = f"send the image {wanted.release.image.short}"
        with (
            holding(board, what, RolloutTimeouts()) as token,
            timed(log, what),
            carriers.image(board, wanted) as image_from,
        ):
            board.fetch(token, wanted.files["release.json"], image_from)
    return True


def roll_back(
    connect: Connect,
    to: str | None,
    timeouts: RolloutTimeouts,
    log: Callable[[str], None],
    send: Callable[[BoardClient, str, Digest], None],
    fit: Callable[[BoardProbe], None] = lambda _: None,
) -> RolloutOutcome:
    """Switch one host to a release that served before; what is reported is what runs, not what was asked for.

    fit: raises unless this board may be rolled back; asked before anything is changed. send: brings an image that the
    board does not have any more, for a release, or raises.
    Raises BoardUsage (2) when there is none, BoardLocked (5), RolledBack (6), RollbackFailed (7) or
    HostInterrupted (130).
    """
    with connect() as board:
        facts = board.facts()
        fit(facts)
        target = to or "the release before"
        with holding(board, f"rollback to {target}", timeouts) as token, _taken_back_alone(target, timeouts):
            if facts.deployed.journal_state not in plans.OVER:
                _settle(board, "settle the deployment that is open", "a rollback found it open", log)
            goal = board.rollback_target(to)
            if not goal["is_here"]:
                with timed(log, f"send the image of {goal['release']}, which the board does not have any more"):
                    send(board, str(goal["release"]), Digest(goal["image"]))
            with timed(log, "switch back and prove it"):
                gated = board.rollback(token, to, asdict(timeouts))
            release = str(gated["entry"]["release"])
            done = _confirm(connect, token, release, log)
    return RolloutOutcome(board.host, release, True, str(gated["canary"]), done.get("running"))
