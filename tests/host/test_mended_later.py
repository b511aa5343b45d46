"""A release that could not be taken back: tried again once the engine answers, and a deployment always leads out."""

from __future__ import annotations

from pathlib import Path

import pytest

from sage_edge.host.errors import Refusal
from sage_edge.host.machine import engine_silent
from tests.host.boards import NEW, OLD, QUICK, Board, Killed


@pytest.fixture(autouse=True)
def no_waiting_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """A killed process loses nothing that it wrote; test_durable is about power cuts."""
    monkeypatch.setattr("os.fsync", lambda handle: None)


def with_a_silent_engine(folder: Path) -> Board:
    """OLD served, NEW was switched to, and then the engine stopped: the new one stays as it was left."""
    board = Board(folder)
    board.deploy(OLD)
    board.process().stage(*NEW)

    def silent(at: int, name: str) -> None:
        board.service.engine_answers = board.service.engine_answers and name != "healthy"
        if not board.service.engine_answers and name in ("healthy", "before up", "before down"):
            raise engine_silent("it is stopped")

    with board.watched(silent), pytest.raises(Refusal, match="could not be taken back") as told:
        board.process().activate(QUICK)
    assert told.value.code == 7
    assert board.serving() == (OLD[0].short, NEW[0].short), "the link says one thing, what runs is another"
    return board


@pytest.mark.parametrize("by", ["boot", "timer", "watch"])
def test_it_is_taken_back_once_the_engine_answers(tmp_path: Path, by: str) -> None:
    board = with_a_silent_engine(tmp_path)
    lines = board.journal.entries()
    assert board.process().recover(by) is None
    assert board.journal.entries() == lines, "a silent engine is no attempt"
    board.service.engine_answers = True
    ended = board.process().recover(by)
    assert ended is not None
    assert (ended.state, ended.note) == ("reverted", by)
    assert board.serving() == (OLD[0].short, OLD[0].short)
    assert not board.service.is_armed
    assert board.process().recover(by) is None


@pytest.mark.parametrize("wanted", [OLD, NEW], ids=["the old declarations", "the new ones"])
def test_a_deployment_leads_out(tmp_path: Path, wanted: tuple[object, dict[str, str]]) -> None:
    board = with_a_silent_engine(tmp_path)
    board.service.engine_answers = True
    board.deploy(wanted)  # type: ignore[arg-type]
    assert board.serving() == (wanted[0].short, wanted[0].short)  # type: ignore[attr-defined]
    assert board.journal.entries()[-1].state == "committed"


def test_what_it_goes_back_to_is_what_should_serve_and_not_what_the_link_names(tmp_path: Path) -> None:
    board = with_a_silent_engine(tmp_path)
    board.service.engine_answers = True
    (board.places.current).unlink()
    (board.places.current).symlink_to("releases/0123456789ab")
    board.service.sick.add(NEW[0].short)
    with pytest.raises(Refusal, match=f"{OLD[0].short} serves again") as told:
        board.deploy(NEW)
    assert told.value.code == 6
    assert board.serving() == (OLD[0].short, OLD[0].short)


def test_refusals_are_no_loop_of_reboots(tmp_path: Path) -> None:
    """Ten times the old release is sick; the eleventh time it is well."""
    board = with_a_silent_engine(tmp_path)
    board.service.engine_answers = True
    board.service.sick.add(OLD[0].short)
    for _ in range(10):
        with pytest.raises(Refusal, match="the agent is not healthy"):
            board.process().recover("watch")
        assert board.journal.entries()[-1].state == "revert-failed"
    board.service.sick.clear()
    ended = board.process().recover("watch")
    assert ended is not None
    assert ended.state == "reverted"


def test_after_a_loop_of_reboots_only_a_deployment_leads_out(tmp_path: Path) -> None:
    board = with_a_silent_engine(tmp_path)
    board.service.engine_answers = True

    def dies(at: int, name: str) -> None:
        if name == "before up":
            raise Killed(name)

    for _ in range(3):
        with board.watched(dies), pytest.raises(Killed):
            board.process().recover("boot")
    with pytest.raises(Refusal, match="given up after 3 attempts"):
        board.process().recover("boot")
    assert board.process().recover("watch") is None
    board.deploy(NEW)
    assert board.serving() == (NEW[0].short, NEW[0].short)


def test_an_edited_release_is_not_rolled_back_to(tmp_path: Path) -> None:
    board = Board(tmp_path)
    board.deploy(OLD)
    board.deploy(NEW)
    (board.places.releases / OLD[0].short / "compose.yaml").write_text("privileged: true")
    with pytest.raises(Refusal, match="is not what was staged"):
        board.process().rollback(None, QUICK)
    assert board.serving() == (NEW[0].short, NEW[0].short)
    assert board.journal.entries()[-1].is_over
