"""Rolled back, and again, and forward: what is typed, over a board whose helper is the real one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.deploy import near_board
from tests.deploy.near_board import NearBoard

UNSIGNED = "unsigned: allowed_signers holds no key of its commits"


@pytest.fixture
def board(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> NearBoard:
    return near_board.made(tmp_path / "work", monkeypatch)


def deployed(board: NearBoard, *temperatures: float) -> list[str]:
    """Deploy one release after the other; return their names."""
    names = []
    for temperature in temperatures:
        board.declare(temperature)
        assert board.typed("deploy").code == 0
        names.append(board.serves())
    return names


def test_each_rollback_goes_one_further_back_and_the_last_says_so(board: NearBoard) -> None:
    first, second, third = deployed(board, 0.1, 0.2, 0.3)
    for expected in (second, first):
        assert board.typed("rollback").code == 0
        assert (board.serves(), board.current()) == (expected, expected)
    done = board.typed("rollback")
    assert done.code == 2
    assert done.complaint[0].startswith(f"error: sprout: no release that is still here has served before {first}")
    assert board.serves() == first
    assert third in board.status()["what to know"]


def test_a_host_that_was_rolled_back_stays_until_it_is_let_go(board: NearBoard) -> None:
    first, second = deployed(board, 0.1, 0.2)
    board.typed("rollback")
    assert board.status()["what to know"].startswith(f"pinned to {first} since ")
    for words in ("deploy", "plan", "deploy --dry-run"):
        done = board.typed(words)
        assert (done.code, done.out) == (3, "")
        assert done.complaint[1].endswith("invoke deploy --host sprout --unpin")
        assert board.serves() == first
    assert board.typed("deploy --unpin").code == 0
    assert (board.serves(), board.status()["what to know"]) == (second, UNSIGNED)


def test_a_new_release_needs_no_leave(board: NearBoard) -> None:
    deployed(board, 0.1, 0.2)
    board.typed("rollback")
    assert deployed(board, 0.3) == [board.serves()]
    assert board.pin() is None


def test_what_it_was_rolled_back_to_may_be_declared_and_let_go(board: NearBoard) -> None:
    first, second = deployed(board, 0.1, 0.2)
    board.typed("rollback")
    board.declare(0.1)
    assert "no changes" in board.typed("deploy").out
    assert board.pin() is not None
    assert board.typed("deploy --unpin").code == 0
    assert (board.pin(), board.serves()) == (None, first)
    assert board.typed("deploy").code == 0
    board.declare(0.2)
    assert board.typed("deploy").code == 0  # nobody was rolled back from it since
    assert board.serves() == second


def test_a_pinned_host_that_does_not_run_is_started_by_a_deploy(board: NearBoard) -> None:
    first, _ = deployed(board, 0.1, 0.2)
    board.typed("rollback")
    board.engine.boxes.clear()
    planned = board.typed("plan")
    assert planned.code == 0
    assert f"start {first} anew" in planned.out
    assert board.typed("deploy").code == 0
    assert board.serves() == first
    assert board.typed("deploy").code == 3


def test_the_lock_goes_with_the_deployment_that_the_timer_takes_back(board: NearBoard) -> None:
    (first,) = deployed(board, 0.1)
    token = board.helper("lock-acquire", holder="ada", host="desk", pid=1, why="deploy")["token"]
    patience = {"session_s": 0, "health_s": 1, "revert_s": 60, "cut": False, "token": token, "who": "ada@desk"}
    board.helper("rollback", to=first, **patience)
    board.helper("recover", because="timer")
    assert board.status()["lock"] == "free"
    refused = board.typed("deploy")
    assert refused.code == 0
    assert "lock-released" in board.typed("audit").out


def test_a_lock_that_was_taken_since_stays(board: NearBoard) -> None:
    (first,) = deployed(board, 0.1)
    token = board.helper("lock-acquire", holder="ada", host="desk", pid=1, why="deploy")["token"]
    patience = {"session_s": 0, "health_s": 1, "revert_s": 60, "cut": False, "token": token, "who": "ada@desk"}
    board.helper("rollback", to=first, **patience)
    board.helper("lock-release", token=None, who="bob@desk")
    board.helper("lock-acquire", holder="bob", host="desk", pid=1, why="look", manual=True, who="bob@desk")
    board.helper("recover", because="timer")
    assert board.status()["lock"] == "bob"


def test_the_plan_names_the_key_with_both_values_and_the_commit(board: NearBoard) -> None:
    deployed(board, 0.1)
    board.declare(0.2)
    done = board.typed("plan")
    assert "because\n  host.sampling.temperature: 0.1 becomes 0.2\n" in done.out
    assert "declared by commit" not in done.out
    for words in ("init -q", "add fleet compose", "-c user.name=a -c user.email=a@b commit -q -m x"):
        near_board.git(board.here.root, words)
    assert "declared by commit " in (clean := board.typed("plan").out)
    assert "dirty" not in clean
    board.declare(0.3)
    assert "and changes since: dirty" in board.typed("plan").out


def test_a_comment_restarts_nobody(board: NearBoard) -> None:
    deployed(board, 0.1)
    for name in ("hosts/thor.yaml", "hosts/sprout.yaml", "fleet.yaml"):
        path = board.here.fleet / name
        path.write_text(f"# a word\n{path.read_text('utf-8')}", "utf-8")
    assert "no changes" in board.typed("plan").out
