"""Whoever holds a board's lock is heard of, however long a step takes here; at the end the lock is free."""

from __future__ import annotations

import time
from typing import Any, cast

import pytest

from sage_edge.deploy import held_lock
from sage_edge.deploy.rollout_options import RolloutTimeouts
from sage_edge.errors import Unreachable
from sage_edge.host import lease
from sage_edge.remote.board.client import BoardClient
from sage_edge.remote.errors import BoardLocked, HostInterrupted
from tests.deploy import fleetfacts


class Board:
    """Stands in for a board: notes what is done to its lock. refusal: what it answers to a renewal."""

    host = fleetfacts.SPROUT

    def __init__(self, refusal: Exception | None = None) -> None:
        self.calls: list[str] = []
        self._refusal = refusal

    def acquire(self, why: str, release: str | None) -> dict[str, str]:
        self.calls.append(f"acquire {why} {release}")
        return {"token": "t1"}

    def renew_lock(self, token: str) -> None:
        self.calls.append(f"renew {token}")
        if self._refusal is not None:
            raise self._refusal

    def release_lock(self, token: str) -> None:
        self.calls.append(f"release {token}")

    def facts(self) -> Any:
        return fleetfacts.probed()

    def until_renewed(self, times: int) -> None:
        """Wait as long as a push takes."""
        until = time.monotonic() + 10
        while self.calls.count("renew t1") < times:
            assert time.monotonic() < until
            time.sleep(0.005)


def holding(board: Board) -> Any:
    return held_lock.holding(cast(BoardClient, board), "deploy ab12", RolloutTimeouts(), "ab12")


LOST = BoardLocked(fleetfacts.SPROUT, "lock-lost", "the lock is not ours any more")


@pytest.mark.parametrize("refusal", [None, Unreachable("the link is down", hint=""), LOST])
def test_a_long_step_renews_the_lock(monkeypatch: pytest.MonkeyPatch, refusal: Exception | None) -> None:
    monkeypatch.setattr(held_lock, "BEAT_S", 0.01)
    board = Board(refusal)
    with holding(board):
        board.until_renewed(3)
    done = list(board.calls)
    assert (done[0], done[-1]) == ("acquire deploy ab12 ab12", "release t1")
    time.sleep(0.05)
    assert board.calls == done


def test_a_lock_outlives_a_renewal_that_is_lost() -> None:
    assert 2 * held_lock.BEAT_S < lease.TTL_S


def test_a_short_deploy_renews_nothing() -> None:
    board = Board()
    with holding(board):
        pass
    assert board.calls == ["acquire deploy ab12 ab12", "release t1"]


def test_ctrl_c_frees_it_and_says_where_the_board_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(held_lock, "BEAT_S", 0.01)
    board = Board()

    def interrupted() -> None:
        with holding(board):
            board.until_renewed(1)
            raise KeyboardInterrupt

    with pytest.raises(HostInterrupted, match="nothing is deployed, and nothing is open"):
        interrupted()
    assert board.calls[-1] == "release t1"
