"""Confusions of one kind each: what is said leads out, or says what a person has to decide."""

from __future__ import annotations

import contextlib
import io
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from sage_edge.errors import Unreachable
from sage_edge.host import durable
from sage_edge.names import HostName
from sage_edge.remote.board.client import BoardView
from sage_edge.workstation import context, log_service
from tests.deploy import damages, near_board
from tests.deploy.damages import AUDIT, JOURNAL, deployed
from tests.deploy.near_board import NearBoard


@pytest.fixture
def board(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> NearBoard:
    return near_board.made(tmp_path / "work", monkeypatch)


def test_status_ends_with_8_only_when_asked_and_only_for_a_trouble(board: NearBoard) -> None:
    assert board.typed("status --exit-code").code == 0
    deployed(board, 0.1, 0.2)
    board.typed("rollback")
    assert board.typed("status --exit-code").code == 0, "a pin is somebody's will"
    board.engine.boxes.clear()
    assert board.typed("status --exit-code").code == 8
    assert board.typed("status").code == 0


def test_status_of_several_ends_with_the_worst(board: NearBoard, monkeypatch: pytest.MonkeyPatch) -> None:
    deployed(board, 0.1)
    near = vars(context)["connect"]

    @contextlib.contextmanager
    def connect(addresses: Path, host: HostName) -> Iterator[object]:
        if host == "thor":
            raise Unreachable("thor does not answer", hint="is it on?")
        with near(addresses, host) as remote:
            yield remote

    monkeypatch.setattr(context, "connect", connect)
    assert board.here.typed("status --all --exit-code").code == 4
    board.engine.boxes.clear()
    assert board.here.typed("status --all --exit-code").code == 8
    assert board.here.typed("status --all").code == 4


def test_a_plan_before_the_first_build_names_the_build(board: NearBoard) -> None:
    for record in (board.here.root / ".sage" / "images").glob("*.json"):
        record.unlink()
    done = board.typed("plan --exit-code")
    assert done.code == 10
    assert "1. build the image sprout, which was never built here" in done.out
    assert "because\n  the image sprout was never built here" in done.out


def test_the_audit_shows_what_can_be_read_and_ends_with_8(board: NearBoard) -> None:
    deployed(board, 0.1)
    good = durable.read(board.places.audit)
    damages.changed(AUDIT)(board)
    done = board.typed("audit")
    assert done.code == 8
    assert f"the chain of {len(good) - 1} lines is broken: line 1 is damaged" in done.err
    assert "a person has to find out" in done.err
    assert good[-1]["detail"] in done.out
    deployed(board, 0.2)
    assert "confirm" in board.typed("audit").out, "what is done afterwards is noted"


def test_a_lock_that_nobody_can_read_is_freed_by_a_person(board: NearBoard) -> None:
    damages.locked_by_garbage(board)
    refused = board.typed("deploy")
    assert refused.complaint[1].endswith("invoke lock.release --host sprout --yes")
    assert board.typed("lock.release --yes").code == 0
    assert board.typed("deploy").code == 0


def test_a_damaged_journal_is_set_aside_by_the_plan_that_says_so(board: NearBoard) -> None:
    deployed(board, 0.1)
    damages.changed(JOURNAL)(board)
    assert "1. set the damaged deploy journal aside" in board.typed("plan").out
    assert board.typed("rollback").complaint[1].endswith("invoke deploy --host sprout")
    assert board.typed("deploy").code == 0
    assert board.places.journal.with_name("journal.jsonl.damaged-1").exists()
    assert "no changes" in board.typed("plan").out
    assert "journal-set-aside" in board.typed("audit").out


@pytest.mark.parametrize("command", ["deploy", "deploy --unpin"])
@pytest.mark.parametrize("state", ["switched", "gated"])
def test_a_deploy_goes_on_where_an_open_one_cannot_be_taken_back(board: NearBoard, state: str, command: str) -> None:
    damages.STATES[state](board)
    damages.without_images(board)
    done = board.typed(command)
    assert done.code == 0, done
    assert "could not be taken back" in done.err
    assert "no changes" in board.typed("plan").out
    assert board.typed("verify --quick").code == 0


def test_a_rollback_says_what_leads_out_where_an_open_one_cannot_be_taken_back(board: NearBoard) -> None:
    damages.STATES["started"](board)
    damages.without_images(board)
    done = board.typed("rollback")
    assert "could not be taken back" in done.err
    assert done.complaint[1].endswith("invoke deploy --host sprout")
    assert board.typed("deploy").code == 0


class Engine:
    """The workstation's engine, with some images."""

    def __init__(self, *images: str) -> None:
        self._images = images

    def image(self, name: str) -> str | None:
        return name if name in self._images else None

    def saved(self, name: str) -> io.BytesIO:
        return io.BytesIO(name.encode())


@pytest.mark.parametrize("is_here", [True, False])
def test_a_rollback_sends_an_image_that_the_board_lost(
    board: NearBoard, monkeypatch: pytest.MonkeyPatch, is_here: bool
) -> None:
    old = board.build("1")
    deployed(board, 0.1)
    first = board.serves()
    board.build("2")
    deployed(board, 0.1)
    second = board.serves()
    board.engine.images_there.discard(old)
    monkeypatch.setattr("sage_edge.image.engine.connect", lambda: contextlib.nullcontext(Engine(*[old] * is_here)))
    done = board.typed("rollback")
    if is_here:
        assert (done.code, board.serves()) == (0, first)
    else:
        assert (done.code, board.serves()) == (1, second)
        assert f"the image 111111111111 of {first} is neither on sprout nor on this workstation" in done.complaint[0]
        assert "a person has to choose" in done.complaint[1]
    assert board.status()["lock"] == "free"


def test_provision_gives_what_lies_below_state_back_to_its_owner(board: NearBoard) -> None:
    damages.foreign_state(board)
    path = board.places.state / "journals/P001.jsonl"
    final = board.places.state / "exchange/objects/aa"
    final.parent.mkdir(parents=True)
    final.write_text("x", "ascii")
    final.chmod(0o444)
    link = board.places.state / "out"
    link.symlink_to(board.here.fleet / "fleet.yaml")
    before = (board.here.fleet / "fleet.yaml").stat()
    told = board.typed("verify --quick")
    assert (told.code, "rights below /srv/sage/state" in told.out + told.err) == (8, True)
    assert "its agent cannot use all of its state: " in board.status()["what to know"]
    assert "folder srv/sage/state" in board.typed("provision").out
    assert path.stat().st_mode & 0o777 == 0o600
    assert {inner.lstat().st_uid for inner in board.places.state.rglob("*")} == {10001}
    assert final.stat().st_mode & 0o777 == 0o444
    assert (board.here.fleet / "fleet.yaml").stat() == before, "links are not followed"
    assert board.typed("provision").out.split() == ["sprout", "no", "changes"]


def test_a_card_that_nobody_can_read_is_written_anew_and_anothers_is_not(board: NearBoard) -> None:
    deployed(board, 0.1)
    damages.card_of("\0\0")(board)
    for words in ("plan", "deploy", "rollback", "lock.acquire --why x"):
        assert board.typed(words).complaint[1] == " next: write it anew: invoke provision --host sprout"
    assert board.typed("provision").code == 0
    assert "no changes" in board.typed("plan").out
    damages.card_of("format: 1\nhost: thor\n")(board)
    refused = board.typed("provision")
    assert refused.code == 3
    assert "remove /etc/sage/host.yaml there, then invoke provision" in refused.complaint[1]


def test_followed_hosts_have_their_names_before_each_line_and_one_may_die(
    board: NearBoard, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks, lost = {"sprout": 0, "thor": 0}, threading.Event()

    def logs(view: BoardView, n: int, since: str | None, grep: str | None) -> list[str]:
        looks[view.host] += 1
        if view.host == "thor" and looks["thor"] == 2:
            lost.set()
            raise Unreachable("thor does not answer", hint="is it on?")
        if view.host == "sprout" and looks["sprout"] == 4:
            raise KeyboardInterrupt
        assert view.host == "thor" or looks["sprout"] == 1 or lost.wait(20)
        stamps = [f"2027-01-15T08:00:0{second}Z" for second in range(looks[view.host] + 1)]
        return [f"{stamp} line {stamp[-2]}" for stamp in stamps if since is None or stamp >= since]

    monkeypatch.setattr(BoardView, "logs", logs)
    monkeypatch.setattr(log_service, "PAUSE_S", 0.0)
    done = board.here.typed("logs --all --follow")
    shown = done.out.splitlines()
    assert done.code == 130
    sprout = [line for line in shown if line.startswith("sprout       | ")]
    assert [line[-6:] for line in sprout] == ["line 0", "line 1", "line 2", "line 3"]
    assert any(line.startswith("thor         | ") for line in shown)
    assert any("thor does not answer" in line for line in shown)


def test_the_logs_of_one_host_have_no_name_before_them(board: NearBoard) -> None:
    deployed(board, 0.1)
    assert board.typed("logs").out == "2027-01-15T08:00:00.0Z awake\n"
