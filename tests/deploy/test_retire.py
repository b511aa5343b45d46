"""A host goes for good: stopped, archived, without a key; and what is known of hosts that nobody declares."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from sage_edge.errors import Unreachable
from sage_edge.exchange import hub
from sage_edge.host import file_lock, retirement
from sage_edge.host.journal import DeployJournal
from sage_edge.inventory import load, signers
from sage_edge.inventory.signers import Signer
from sage_edge.names import HostName
from sage_edge.workstation import backup_service, context, hub_admission, packed_state
from sage_edge.workstation.errors import BackupDamaged
from tests.deploy import near_board
from tests.deploy.loopback import Typed
from tests.deploy.near_board import NearBoard
from tests.exchange.world import FOLDERS
from tests.keys import public_half

SPROUT = HostName("sprout")


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NearBoard]:
    """A provisioned board that serves a release and has written a paper, and a hub."""
    root = tmp_path_factory.mktemp("sound")
    with pytest.MonkeyPatch.context() as patch:
        board = near_board.made(root / "work", patch)
        hub.init(root / "hub.git", FOLDERS)
        fleet = board.here.fleet / "fleet.yaml"
        text = fleet.read_text("utf-8")
        remote = next(line for line in text.splitlines() if line.strip().startswith("remote:"))
        fleet.write_text(text.replace(remote, f"  remote: {root / 'hub.git'}"), "utf-8")
        assert board.typed("deploy").code == 0
        paper = board.places.state / "papers/sessions/primary/000/P001.json"
        paper.parent.mkdir(parents=True)
        paper.write_text("one", "utf-8")
        for path in board.places.state.rglob("*"):
            os.chown(path, board.places.state.stat().st_uid, -1)
        yield board


@pytest.fixture
def board(sound: NearBoard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> NearBoard:
    """The same, for one test."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return near_board.copied(sound, tmp_path / "work", monkeypatch)


def retire(board: NearBoard, words: str = "--yes") -> Typed:
    return board.typed(f"retire {words}")


def declared(board: NearBoard) -> Path:
    return board.here.fleet / "hosts" / "sprout.yaml"


def forget(board: NearBoard) -> None:
    """Delete the host's file, and what overlays say of it."""
    declared(board).unlink()
    shutil.rmtree(board.here.fleet / "overlays")


def listed(board: NearBoard) -> list[Signer]:
    return [signers.parse(line) for _, line in signers.lines(signers.read(board.here.fleet))]


def rows(board: NearBoard) -> dict[str, str]:
    """What `status --all` says of each host but thor, whose board is none here."""
    done = board.here.typed("status --all --json")
    return {row["host"]: row["what to know"] for row in json.loads(done.out)["content"]}


def test_what_would_be_done_is_shown_and_nothing_is_done(board: NearBoard) -> None:
    serves = board.serves()
    shown = retire(board, "")
    assert shown.code == 0, shown
    assert f"release {serves} runs; all of it is stopped" in shown.out
    assert "by hand: fleet.yaml names no administrator" in shown.out
    assert "invoke retire --host sprout --yes" in shown.err
    assert (board.serves(), retirement.read(board.places), listed(board)) == (serves, None, [])
    assert not (board.here.root / ".sage/backups").exists()


def test_a_host_is_stopped_archived_and_without_a_key(board: NearBoard) -> None:
    done = retire(board)
    assert done.code == 10, "nobody administrates the exchange for us"
    assert (board.serves(), board.engine.boxes) == ("", {})
    assert {"sage-watch.timer", "sage-release.service"}.isdisjoint(board.engine.units)
    (archive,) = (board.here.root / ".sage/backups").iterdir()
    assert set(packed_state.read(archive).files) == {"papers/sessions/primary/000/P001.json"}
    assert f"retired; its state is in {archive}" in done.out
    assert "left to do by hand: let the exchange" in done.out
    key = public_half(board.here.board / "srv/sage/keys/exchange")
    assert listed(board) == [Signer(SPROUT, ("git",), key, "start", until="start")], "it has published nothing"
    assert "fleet/hosts/sprout.yaml can be deleted" in done.out
    assert "its block and its key in fleet/ssh_config and known_hosts" in done.out
    assert "retire" in board.typed("audit").out


def test_neither_boot_nor_timer_nor_a_person_starts_it_again(board: NearBoard) -> None:
    name, release = board.serves(), board.current()
    box = dict(board.engine.boxes["c1"])
    retire(board)
    for verb in ("recover", "watch"):
        board.helper(verb, because="boot")
        assert board.serves() == ""
    board.engine.boxes["c1"] = box
    assert "is there all the same" in board.status()["what to know"]
    assert board.helper("watch") == {"did": "stopped"}
    assert (board.serves(), board.current(), board.helper("watch")) == ("", release, {"did": "nothing"})
    assert board.status()["what to know"].startswith("it was retired at ")
    assert board.typed("status --exit-code").code == 8
    assert "switch from nothing" in board.typed("plan").out
    assert board.typed("verify --quick").code == 8
    assert name == release


@pytest.mark.parametrize("words", ["provision", "deploy", "rollback --to {release}"])
def test_who_brings_it_back_is_told_so(board: NearBoard, words: str) -> None:
    release = board.current()
    retire(board)
    done = board.typed(words.format(release=release))
    assert done.code == 0, done
    assert "it was retired at " in done.err
    assert retirement.read(board.places) is None
    if words == "provision":
        assert board.serves() == ""
        assert {"sage-watch.timer", "sage-release.service"} <= board.engine.units
        board.typed("deploy")
    assert board.serves()
    assert "retired" not in board.status()["what to know"]


def test_a_deploy_that_fails_leaves_a_retired_board_retired(board: NearBoard) -> None:
    retire(board)
    board.build("9")
    board.engine.sick.add(f"sha256:{'9' * 64}")
    assert board.typed("deploy").code == 6
    assert (board.serves(), board.engine.boxes) == ("", {})
    assert retirement.read(board.places) is not None


@pytest.mark.parametrize("state", ["planned", "staged", "armed", "switched", "gated", "confirmed", "revert-failed"])
def test_what_is_open_is_settled_and_nothing_runs(board: NearBoard, state: str) -> None:
    journal = DeployJournal(board.places.journal)
    steps = ("staged", "reverting", "revert-failed") if state == "revert-failed" else _up_to(state)
    entry = journal.open("deploy", board.current(), board.current())
    for step in steps:
        entry = journal.enter(entry, step)  # type: ignore[arg-type]
    done = retire(board)
    assert done.code == 10, done
    assert (board.engine.boxes, board.engine.timers) == ({}, set())
    assert retirement.read(board.places) is not None
    assert board.journal.entries()[-1].is_over


def _up_to(state: str) -> tuple[str, ...]:
    road = ("staged", "waiting", "armed", "switched", "started", "gated", "confirmed")
    return road[: road.index(state) + 1] if state in road else ()


def test_a_journal_or_a_mark_that_cannot_be_read_keeps_nothing_running(board: NearBoard) -> None:
    board.places.journal.write_bytes(b"x\n" * 3)
    assert retire(board).code == 10
    assert board.engine.boxes == {}
    board.places.retired.write_bytes(b"\0")
    assert "it was retired at nobody knows when by somebody" in board.status()["what to know"]


def test_an_engine_that_does_not_answer_is_told_and_the_watch_ends_it(board: NearBoard) -> None:
    board.engine.is_up = False
    assert retire(board).code == 1
    assert not (board.here.root / ".sage/backups").exists()
    board.engine.is_up = True
    assert board.helper("watch") == {"did": "stopped"}
    assert retire(board).code == 10


def test_a_wake_is_waited_for_unless_it_is_cut(board: NearBoard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sage_edge.host.state_archive._WAKE_S", 0.1)
    lock = board.places.state / "locks/agent.lock"
    lock.parent.mkdir(exist_ok=True)
    lock.touch()
    with file_lock.hold(lock, 1, RuntimeError()):  # type: ignore[arg-type]
        refused = retire(board)
        assert (refused.code, bool(board.serves())) == (5, True)
        assert "invoke retire --host sprout --when now --yes" in refused.complaint[1]
        monkeypatch.setattr(packed_state, "fetch", _no_archive)
        assert retire(board, "--when now --yes").code == 8
        assert board.serves() == ""


def _no_archive(*_: object) -> None:
    raise BackupDamaged("x", "it was cut")


def test_without_a_proven_archive_its_key_stays(board: NearBoard, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = backup_service.kept

    def torn(*words: object) -> backup_service.BackupDone:
        done = kept(*words)  # type: ignore[arg-type]
        (Path(done.folder) / packed_state.STATE).write_bytes(b"")
        return done

    with monkeypatch.context() as patch:
        patch.setattr(backup_service, "kept", torn)
        refused = retire(board)
    assert refused.code == 8
    assert "is no whole backup" in refused.complaint[0]
    assert listed(board) == []
    assert retire(board).code == 10
    assert len(listed(board)) == 1


def test_a_retirement_that_was_cut_off_is_ended_by_the_next(board: NearBoard, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(hub_admission, "dismiss", _away)
        assert retire(board).code == 4
    mark = retirement.read(board.places)
    assert retire(board).code == 10
    assert len(list((board.here.root / ".sage/backups").iterdir())) == 1, "the archive that was proven counts"
    assert retire(board).code == 10
    assert (retirement.read(board.places), len(listed(board))) == (mark, 1)
    assert board.typed("audit").out.count("stopped for good") == 1


def _away(*_: object) -> str:
    raise Unreachable("the hub's administrator does not answer")


def test_keys_end_behind_what_the_exchange_has(board: NearBoard) -> None:
    commit = "0a1b" * 10
    assert board.typed("key.enrol").code == 0
    done = retire(board, f"--yes --until {commit}")
    assert done.code == 10, done
    assert [(signer.after, signer.until) for signer in listed(board)] == [("start", commit)]
    assert load.load(board.here.fleet).signers == tuple(listed(board))


def test_a_board_that_does_not_answer_is_told_and_can_be_left_out(
    board: NearBoard, monkeypatch: pytest.MonkeyPatch
) -> None:
    board.typed("key.enrol")
    with monkeypatch.context() as patch:
        patch.setattr(context, "connect", _silent)
        for words in ("", "--yes"):
            refused = retire(board, words)
            assert refused.code == 4
            assert "its agent may run on" in refused.complaint[0]
            assert "invoke retire --host sprout --without-board" in refused.complaint[1]
        assert listed(board)[0].until is None
        assert "its board is not asked" in retire(board, "--without-board").out
        done = retire(board, "--without-board --yes")
        assert done.code == 10
        assert "at the board's own console: sudo systemctl disable --now" in done.out
        assert "there is no backup here" in done.out
        assert listed(board)[0].until == "start"
    assert board.serves()
    assert retire(board).code == 10, "it answers again"
    assert board.serves() == ""
    assert "console" not in retire(board, "--without-board --yes").out


def _silent(*_: object) -> None:
    raise Unreachable("sprout does not answer: timed out")


def test_an_administrator_of_the_exchange_leaves_nothing_to_do_by_hand(
    board: NearBoard, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, ...]] = []

    def over_ssh(fleet: object, addresses: Path, host: str, *words: str) -> tuple[bool, int]:
        asked.append((host, *words))
        return True, 0

    monkeypatch.setattr(hub_admission, "_over_ssh", over_ssh)
    fleet = board.here.fleet / "fleet.yaml"
    text = fleet.read_text("utf-8")
    fleet.write_text(text.replace("\n  remote:", "\n  administrator: hub-admin\n  remote:"), "utf-8")
    assert "its key goes from the exchange, by hub-admin" in retire(board, "").out
    done = retire(board)
    assert done.code == 0, done
    ((host, verb, public),) = asked
    assert (host, verb) == ("sprout", "drop")
    assert public.startswith(public_half(board.here.board / "srv/sage/keys/exchange"))


def test_a_host_without_a_file_is_mentioned_until_it_is_retired(board: NearBoard) -> None:
    board.typed("key.enrol")
    forget(board)
    refused = board.here.typed("plan --host thor")
    assert (refused.code, "invoke retire --host sprout" in refused.complaint[0]) == (2, True)
    told = rows(board)["sprout"]
    assert told.startswith("known here (last deployed ")
    assert "a key of it counts" in told
    assert "not declared; next: invoke retire --host sprout, or restore fleet/hosts/sprout.yaml" in told
    assert [row["host"] for row in json.loads(board.here.typed("status --host thor --json").out)["content"]] == ["thor"]
    done = retire(board)
    assert done.code == 10, done
    assert board.engine.boxes == {}
    assert "can be deleted" not in done.out
    assert "sprout" not in rows(board)
    assert retire(board).code == 10, "again, after its file was deleted"


def test_what_is_known_of_a_host_counts_and_a_bare_address_does_not(board: NearBoard) -> None:
    config = board.here.fleet / "ssh_config"
    config.write_text(config.read_text("utf-8") + "\nHost spare *.example\n  HostName spare.example\n", "utf-8")
    told = rows(board)
    assert "an address in fleet/ssh_config" in told["spare"]
    assert set(told) == {"spare", "sprout", "thor"}
    (board.here.fleet / "hosts" / "thor.yaml").unlink()
    shutil.rmtree(board.here.fleet / "overlays")
    assert board.here.typed("status --all --exit-code").code == 0
    branch = board.here.root / ".sage/desk/fleet/exchange.git/packed-refs"
    branch.parent.mkdir(parents=True, exist_ok=True)
    branch.write_text(f"# pack-refs\n{'0' * 40} refs/incoming/thor\n", "utf-8")
    assert "the exchange has a branch of it" in rows(board)["thor"]
    assert board.here.typed("status --all --exit-code").code == 8
    assert board.here.typed("status --all").code == 0
    assert board.here.typed("retire --host thor --without-board --yes").code == 10
    assert "thor" not in rows(board)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("retire", "no host named '' is declared or known here"),
        ("retire --host nobody", "no host named 'nobody' is declared or known here; there are: desk, sprout, thor"),
        ("retire --host desk", "desk is no board"),
        ("retire --host sprout --when later", "expected --when idle or now"),
    ],
)
def test_who_is_meant_is_said(board: NearBoard, words: str, says: str) -> None:
    refused = board.here.typed(words)
    assert (refused.code, says in refused.complaint[0]) == (2, True)
