"""Every point of a deployment with every fault, generated: the board serves the old release or the new one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from sage_edge.host import release_store
from sage_edge.host.deployment import MOST_ATTEMPTS, Deployment
from sage_edge.host.errors import HOST, ExitStatus, Refusal, invoke
from sage_edge.host.served_model import NOT_SERVED
from tests.host.boards import NEW, OLD, QUICK, Board, Killed


@pytest.fixture(autouse=True)
def no_waiting_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """A killed process loses nothing that it wrote, so these tests need no fsync; test_durable is about that."""
    monkeypatch.setattr("os.fsync", lambda handle: None)


Fault = Callable[[str], BaseException]
FAULTS: dict[str, Fault] = {
    "killed": lambda name: Killed(name),
    "refused": lambda name: Refusal("failed", f"{name} failed", "look"),
    "disk": lambda name: OSError(28, "No space left on device"),
}


def fresh(folder: Path) -> Board:
    board = Board(folder)
    board.deploy(OLD)
    return board


def points(folder: Path) -> list[str]:
    """Every point that a good deployment passes, in order."""
    board = fresh(folder)
    with board.watched(lambda number, name: None):
        board.deploy(NEW)
    return board.passed


def test_a_good_deployment_leaves_the_new_release_and_no_timer(tmp_path: Path) -> None:
    board = fresh(tmp_path)
    board.deploy(NEW)
    assert board.serving() == (NEW[0].short, NEW[0].short)
    assert board.service.timer_was_set
    assert not board.service.is_armed
    assert [entry.state for entry in board.journal.entries()][-9:] == [
        "planned", "staged", "waiting", "armed", "switched", "started", "gated", "confirmed", "committed",
    ]  # fmt: skip


def test_where_the_boards_own_secrets_are_to_blame_what_mends_them_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    board = fresh(tmp_path)

    def canary(released: object) -> str:
        raise Refusal(NOT_SERVED, "no token came", "mend it: ", invoke("key.serving", host=HOST))

    monkeypatch.setattr(board.service, "canary", canary)
    with pytest.raises(Refusal, match=r"was taken back: no token came\. .* serves again") as told:
        board.deploy(NEW)
    assert told.value.code == ExitStatus.ROLLED_BACK
    assert told.value.hint[:3] == ("mend it: ", invoke("key.serving", host=HOST), "; ")
    assert told.value.hint[4] == invoke("audit", host=HOST)
    assert board.serving() == (OLD[0].short, OLD[0].short)


@pytest.mark.parametrize("kind", FAULTS)
def test_whatever_happens_at_any_point_the_board_serves_old_or_new(tmp_path: Path, kind: str) -> None:
    names = points(tmp_path / "counted")
    assert len(names) > 25
    for number, name in enumerate(names, start=1):
        board = fresh(tmp_path / f"{number}")

        def fault(at: int, passed: str, number: int = number) -> None:
            if at == number:
                raise FAULTS[kind](passed)

        with board.watched(fault):
            end = run(board)
        end_well(board, f"{kind} at point {number}, {name}; the workstation saw {end!r}")


def run(board: Board) -> BaseException | None:
    try:
        board.deploy(NEW)
    except (Refusal, Killed, OSError) as ended:
        return ended
    return None


def end_well(board: Board, told: str) -> None:
    """What boot and timer do afterwards brings the board to rest, with what it says being what runs."""
    board.process().recover("boot")
    latest = board.journal.latest()
    assert latest is not None, told
    assert latest.is_over, told
    wanted = NEW[0].short if latest.state == "committed" and latest.release == NEW[0].short else OLD[0].short
    assert board.serving() == (wanted, wanted), told
    assert not board.service.is_armed, told
    assert board.process().recover("boot") is None, told
    board.deploy(NEW)  # and it can be deployed to again
    assert board.serving() == (NEW[0].short, NEW[0].short), told


@pytest.mark.parametrize("kind", FAULTS)
def test_going_back_survives_dying_as_well(tmp_path: Path, kind: str) -> None:
    board = fresh(tmp_path / "counted")
    board.service.sick.add(NEW[0].short)
    with board.watched(lambda number, name: None):
        assert isinstance(run(board), Refusal)
    total = len(board.passed)
    for number in range(1, total + 1):
        board = fresh(tmp_path / f"{number}")
        board.service.sick.add(NEW[0].short)

        def fault(at: int, passed: str, number: int = number) -> None:
            if at == number:
                raise FAULTS[kind](passed)

        with board.watched(fault):
            run(board)
        latest = board.journal.latest()
        if latest is not None and latest.state == "revert-failed":
            continue  # going back itself was refused: it is told, and a person decides
        board.process().recover("boot")
        assert board.serving() == (OLD[0].short, OLD[0].short), f"{kind} at {number}"


def test_a_sick_release_is_taken_back_with_exit_6(tmp_path: Path) -> None:
    board = fresh(tmp_path)
    board.service.sick.add(NEW[0].short)
    with pytest.raises(Refusal, match=r"was taken back: the agent is not healthy\. .* serves again") as told:
        board.deploy(NEW)
    assert told.value.code == 6
    assert board.serving() == (OLD[0].short, OLD[0].short)


def test_the_first_release_of_all_goes_back_to_nothing(tmp_path: Path) -> None:
    board = Board(tmp_path)
    board.service.sick.add(NEW[0].short)
    with pytest.raises(Refusal, match="nothing is deployed, as before") as told:
        board.deploy(NEW)
    assert told.value.code == 6
    assert board.serving() == (None, None)


def test_when_going_back_fails_it_is_said_with_exit_7(tmp_path: Path) -> None:
    board = fresh(tmp_path)
    board.service.sick |= {NEW[0].short, OLD[0].short}
    with pytest.raises(Refusal, match="could not be taken back") as told:
        board.deploy(NEW)
    assert told.value.code == 7
    assert board.journal.entries()[-1].state == "revert-failed"


def test_a_loop_of_reboots_ends(tmp_path: Path) -> None:
    board = fresh(tmp_path)
    board.process().stage(*NEW)
    board.process().activate(QUICK)

    def dies(at: int, name: str) -> None:
        if name == "before up":
            raise Killed(name)

    for _ in range(MOST_ATTEMPTS):
        with board.watched(dies), pytest.raises(Killed):
            board.process().recover("boot")
    with pytest.raises(Refusal, match=f"given up after {MOST_ATTEMPTS} attempts") as told:
        board.process().recover("boot")
    assert told.value.code == 7
    assert board.process().recover("boot") is None


def test_a_gated_release_that_nobody_confirms_goes_back(tmp_path: Path) -> None:
    board = fresh(tmp_path)
    board.process().stage(*NEW)
    board.process().activate(QUICK)
    assert board.serving()[1] == NEW[0].short
    assert board.service.is_armed
    board.process().recover("timer")
    assert board.serving() == (OLD[0].short, OLD[0].short)
    with pytest.raises(Refusal, match="does not wait to be confirmed") as told:
        board.process().confirm(NEW[0].short)
    assert told.value.code == 6


def test_rollback_takes_the_newest_release_that_served_before(tmp_path: Path) -> None:
    board = fresh(tmp_path)
    board.deploy(NEW)
    entry, _ = board.process().rollback(None, QUICK)
    board.process().confirm(entry.release)
    assert board.serving() == (OLD[0].short, OLD[0].short)
    assert entry.kind == "rollback"


def test_rollback_without_another_release_says_so(tmp_path: Path) -> None:
    board = fresh(tmp_path)
    with pytest.raises(Refusal, match="no release that is still here has served before") as told:
        board.process().rollback(None, QUICK)
    assert told.value.code == 2


def test_a_second_deployment_does_not_start_beside_an_open_one(tmp_path: Path) -> None:
    board = fresh(tmp_path)
    board.process().stage(*NEW)
    board.process().activate(QUICK)
    with pytest.raises(Refusal, match="is still gated") as told:
        board.process().stage(*OLD)
    assert told.value.code == 5


def test_a_changed_release_folder_is_not_started(tmp_path: Path) -> None:
    board = fresh(tmp_path)
    board.process().stage(*NEW)
    (board.places.releases / NEW[0].short / "release.json").write_text(OLD[1]["release.json"], "utf-8")
    with pytest.raises(Refusal, match="was changed"):
        board.process().activate(QUICK)
    assert release_store.current(board.places) == OLD[0].short


def test_after_a_loop_of_reboots_nothing_of_ours_runs(tmp_path: Path) -> None:
    board = fresh(tmp_path)
    board.process().stage(*NEW)
    board.process().activate(QUICK)
    for _ in range(MOST_ATTEMPTS):
        board.journal.enter(board.journal.latest() or pytest.fail("no journal"), "reverting")
    with pytest.raises(Refusal, match="and nothing of ours runs"):
        board.process().recover("boot")
    assert board.service.running() is None


def test_a_compose_file_that_compose_refuses_is_caught_before_anything_is_switched(tmp_path: Path) -> None:
    board = fresh(tmp_path)

    def refuses(at: int, name: str) -> None:
        if name == "read compose":
            raise Refusal(
                "bad-compose",
                "docker compose cannot read the release: services must be a mapping",
                "mend",
                code=ExitStatus.USAGE,
            )

    with board.watched(refuses), pytest.raises(Refusal, match="must be a mapping") as told:
        board.process().stage(*NEW)
    assert told.value.code == 2
    assert board.serving() == (OLD[0].short, OLD[0].short)
    assert not any(name in board.passed for name in ("fetch", "before down", "before link"))


def test_what_nobody_wants_any_more_is_not_switched_to(tmp_path: Path) -> None:
    board = fresh(tmp_path)

    def check_cancelled() -> None:
        raise Refusal("asker-gone", "whoever asked for it is gone", "again")

    board.process().stage(*NEW)
    with pytest.raises(Refusal, match="whoever asked for it is gone") as told:
        Deployment(board.places, board.journal, board.service, lambda line: None, check_cancelled).activate(QUICK)
    assert told.value.code == 6
    assert not board.service.is_armed
    assert board.serving() == (OLD[0].short, OLD[0].short)
