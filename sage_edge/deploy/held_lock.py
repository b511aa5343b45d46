"""Hold a board's deploy lock while something is done to it, and let the board hear of it meanwhile.

A helper that works renews the lock by itself (`host.lease`). Between its calls an image is pushed or streamed, which
may take longer than a lock lasts; so whoever holds it renews it from here, over the same connection.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

from sage_edge.deploy import plan as plans
from sage_edge.deploy.rollout_options import RolloutTimeouts
from sage_edge.errors import SageError
from sage_edge.remote.board.client import BoardClient
from sage_edge.remote.errors import HostInterrupted

BEAT_S = 30.0
"""A quarter of the time after which a board takes a silent holder for dead."""


@contextlib.contextmanager
def holding(board: BoardClient, why: str, timeouts: RolloutTimeouts, release: str | None = None) -> Iterator[str]:
    """Hold the board's lock for the body, and free it whatever happens; yields its token.

    Raises BoardLocked; HostInterrupted, which says where the board is, in the place of KeyboardInterrupt.
    """
    token = str(board.acquire(why, release)["token"])
    try:
        with _renewed(board, token):
            yield token
    except KeyboardInterrupt:
        raise HostInterrupted(board.host, _whereabouts(board, timeouts)) from None
    finally:
        with contextlib.suppress(SageError):  # a board that is gone frees it by itself, after a while
            board.release_lock(token)


@contextlib.contextmanager
def _renewed(board: BoardClient, token: str) -> Iterator[None]:
    over = threading.Event()
    renewing = threading.Thread(target=_renew_until, args=(board, token, over), daemon=True)
    renewing.start()
    try:
        yield
    finally:
        over.set()
        renewing.join()


def _renew_until(board: BoardClient, token: str, over: threading.Event) -> None:
    while not over.wait(BEAT_S):
        with contextlib.suppress(SageError):  # whether the lock is lost, or the board, the next step says
            board.renew_lock(token)


def _whereabouts(board: BoardClient, timeouts: RolloutTimeouts) -> str:
    """Where a deployment that nobody drives any more stands, and what becomes of it."""
    try:
        deployed = board.facts().deployed
    except SageError as silent:
        return f"it cannot say how far it got ({silent.message})"
    serves = f"{deployed.current or 'nothing'} is deployed"
    if deployed.journal_state in plans.OVER:
        return f"{serves}, and nothing is open"
    if deployed.journal_state in ("planned", "staged", "waiting"):
        return f"{serves}; {deployed.journal_release} is {deployed.journal_state}, and nothing was switched"
    if deployed.journal_state == "reverting":
        return f"{deployed.journal_release} is being taken back"
    return (
        f"the switch to {deployed.journal_release} is {deployed.journal_state}; unless it is settled before, the board "
        f"takes it back within {timeouts.revert_s} s"
    )
