"""A board's state, brought to the workstation and back: the same files, or nothing was put in their place."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import tarfile
from collections.abc import Callable, Sequence
from datetime import datetime, timezone
from pathlib import Path
from types import SimpleNamespace

import pytest

from sage_edge.host import machine, state_archive
from sage_edge.host.machine import Ran
from sage_edge.names import Digest
from sage_edge.remote.errors import BoardGuarded, BoardRefused
from sage_edge.workstation import backup_service, packed_state
from sage_edge.workstation.errors import BackupDamaged, ForeignBackup
from sage_edge.workstation.packed_state import Backup
from tests.workstation.direct_board import DirectBoard

AT = datetime(2026, 11, 20, tzinfo=timezone.utc)
STATE = {
    "papers/sessions/primary/000/P001.json": b"one",
    "papers/status.json": b"{}",
    "papers/worklog/2026-11.jsonl": b"{}\n" * 9,
    "journals/P001.jsonl": os.urandom(300_000),
    "clock.json": b"{}",
}
OUT = {"locks/session.lock": b"", "cache/x": b"y", "heartbeat.json": b"{}", "exchange.git/HEAD": b"ref", ".odd/x": b""}


class Killed(BaseException):
    """The process dies here."""


def lay(state: Path, content: dict[str, bytes]) -> None:
    for name, data in content.items():
        (state / name).parent.mkdir(parents=True, exist_ok=True)
        (state / name).write_bytes(data)


def lies(state: Path) -> dict[str, bytes]:
    """What the state holds, without what a restore put aside."""
    paths = (path for path in state.rglob("*") if path.is_file() and not path.is_symlink())
    names = {path.relative_to(state).as_posix(): path for path in paths}
    return {name: path.read_bytes() for name, path in names.items() if not name.startswith(".before-")}


@pytest.fixture
def board(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DirectBoard:
    monkeypatch.setattr(state_archive, "PIECE_BYTES", 65_536)
    monkeypatch.setattr(packed_state, "PIECE_BYTES", 50_000)
    full = DirectBoard(tmp_path / "board")
    lay(full.places.state, {**STATE, **OUT})
    return full


@pytest.fixture
def fresh(tmp_path: Path) -> DirectBoard:
    return DirectBoard(tmp_path / "fresh")


@pytest.fixture
def folder(board: DirectBoard, tmp_path: Path) -> Path:
    """A backup of the board."""
    place = tmp_path / "backup"
    place.mkdir()
    backup = packed_state.fetch(board, place, "sage", AT)
    (place / "backup.json").write_bytes(backup.pretty())
    return place


def put(board: DirectBoard, folder: Path, *, replace: bool = False) -> backup_service.RestoreDone:
    return backup_service.put_back(board, folder, packed_state.read(folder), replace=replace)


def test_what_nobody_can_make_again_comes_back_and_nothing_else(
    board: DirectBoard, fresh: DirectBoard, folder: Path
) -> None:
    assert board.asked.count("backup-piece") > 3
    assert not list((board.places.base / "deploy/backup").iterdir())
    done = put(fresh, folder)
    assert lies(fresh.places.state) == STATE
    assert (done.files, done.replaced, done.started) == (len(STATE), None, False)
    assert not list((fresh.places.base / "deploy/restore").iterdir())
    assert [line.split('"action":"')[1][:7] for line in fresh.places.audit.read_text().splitlines()][-1] == "restore"


def test_what_is_no_plain_file_is_told_and_left_out(board: DirectBoard, tmp_path: Path) -> None:
    os.mkfifo(board.places.state / "papers/pipe.json")
    (board.places.state / "papers/link.json").symlink_to("/etc/passwd")
    place = tmp_path / "more"
    place.mkdir()
    backup = packed_state.fetch(board, place, "sage", AT)
    assert backup.skipped == ("'papers/link.json'", "'papers/pipe.json'")
    assert set(backup.files) == set(STATE)


def test_a_state_that_holds_papers_is_replaced_only_when_asked_for(board: DirectBoard, folder: Path) -> None:
    lay(board.places.state, {"papers/sessions/primary/000/P002.json": b"two"})
    with pytest.raises(BoardGuarded) as refused:
        put(board, folder)
    assert (refused.value.kind, "papers/sessions/primary/000/P002.json" in lies(board.places.state)) == (
        "state-not-empty",
        True,
    )
    done = put(board, folder, replace=True)
    assert {name: data for name, data in lies(board.places.state).items() if name in STATE} == STATE
    assert "papers/sessions/primary/000/P002.json" not in lies(board.places.state)
    assert done.replaced is not None
    assert Path(done.replaced, "papers/sessions/primary/000/P002.json").read_bytes() == b"two"
    assert Path(done.replaced, "exchange.git/HEAD").is_file()


def test_a_running_agent_is_refused_or_stopped_and_started(
    fresh: DirectBoard, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[str] = []

    def run(words: Sequence[str], **_: object) -> Ran:
        ran.append(words[1])
        return Ran(0, "", "")

    monkeypatch.setattr(machine, "run", run)
    fresh.engine.running = True
    with pytest.raises(BoardGuarded) as refused:
        put(fresh, folder)
    assert (refused.value.kind, lies(fresh.places.state), ran) == ("agent-running", {}, [])
    assert put(fresh, folder, replace=True).started
    assert (ran, lies(fresh.places.state)) == (["stop", "start"], STATE)


def _cut(folder: Path) -> None:
    (folder / "state.tar.gz").write_bytes((folder / "state.tar.gz").read_bytes()[:-10])


def _listing(folder: Path, change: Callable[[dict[str, str]], object]) -> None:
    content = json.loads((folder / "backup.json").read_text())
    change(content["files"])
    (folder / "backup.json").write_text(json.dumps(content))


DAMAGES: dict[str, Callable[[Path], object]] = {
    "cut": _cut,
    "no paper": lambda folder: (folder / "backup.json").unlink(),
    "no state": lambda folder: (folder / "state.tar.gz").unlink(),
    "garbage": lambda folder: (folder / "backup.json").write_bytes(b"\0" * 99),
    "a file more in the listing": lambda folder: _listing(folder, lambda files: files.update({"papers/x": "0" * 64})),
    "a file less in the listing": lambda folder: _listing(folder, lambda files: files.pop("clock.json")),
    "another digest": lambda folder: _listing(folder, lambda files: files.update({"clock.json": "0" * 64})),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_backup_is_refused_before_the_board_is_asked(
    fresh: DirectBoard, folder: Path, damage: Callable[[Path], object]
) -> None:
    damage(folder)
    with pytest.raises(BackupDamaged):
        put(fresh, folder)
    assert (fresh.asked, lies(fresh.places.state)) == ([], {})


@pytest.mark.parametrize("name", ["../x", "/etc/x", ".restore/x", "locks/x", "exchange.git/config", "papers/../../x"])
def test_a_board_unpacks_nothing_outside_its_papers(fresh: DirectBoard, tmp_path: Path, name: str) -> None:
    odd, packed = tmp_path / "odd", tmp_path / "odd.tar.gz"
    odd.write_bytes(b"x")
    with tarfile.open(packed, "w:gz") as archive:
        archive.add(odd, arcname=name) if not name.startswith("/") else archive.addfile(_absolute(name))
    digest = state_archive._sha256(packed)
    assert fresh.send_state(digest, packed.stat().st_size, 0, packed.read_bytes()) == packed.stat().st_size
    token = str(fresh.acquire("a test")["token"])
    listing = {name: "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"}
    with pytest.raises(BoardRefused) as refused:
        fresh.restore_state(token, digest, listing, replace=False)
    assert refused.value.kind == "bad-backup"
    assert lies(fresh.places.state) == {}


def _absolute(name: str) -> tarfile.TarInfo:
    return tarfile.TarInfo(name)


def test_a_restore_that_is_killed_anywhere_is_finished_by_the_next(
    tmp_path: Path, board: DirectBoard, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed ahead of every move: whatever is in its place then, the next restore ends with the same state."""
    rename = Path.rename
    for number in range(12):
        target = DirectBoard(tmp_path / f"target-{number}")
        lay(target.places.state, {"papers/old.json": b"old", "exchange.git/HEAD": b"x", "notes.txt": b"mine"})
        left = [number]

        def killed(path: Path, to: Path, left: list[int] = left) -> Path:
            if left[0] == 0:
                raise Killed
            left[0] -= 1
            return rename(path, to)

        with monkeypatch.context() as patch:
            patch.setattr(Path, "rename", killed)
            with contextlib.suppress(Killed):
                put(target, folder, replace=True)
        done = put(target, folder, replace=True)
        assert lies(target.places.state) == STATE, number
        assert done.replaced
        assert {path.read_bytes() for path in Path(done.replaced).rglob("old.json*")} <= {b"old"}
    assert left[0] > 0, "the last one was not killed at all"


def test_what_has_come_is_not_sent_again(fresh: DirectBoard, folder: Path) -> None:
    backup = packed_state.read(folder)
    with (folder / "state.tar.gz").open("rb") as stream:
        fresh.send_state(backup.packed, backup.size_bytes, 0, b"")
        fresh.send_state(backup.packed, backup.size_bytes, 0, stream.read(backup.size_bytes - 1000))
    fresh.asked.clear()
    put(fresh, folder)
    assert fresh.asked.count("restore-receive") == 2
    assert lies(fresh.places.state) == STATE


def test_another_hosts_state_is_never_restored() -> None:
    class Here:
        class fleet:  # noqa: N801
            name = "sage"

    backup = Backup(host="sprout", fleet="sage", at=AT, state=Digest("sha256:" + "0" * 64), size_bytes=1, files={})
    backup_service.require_meant(Here, "sprout", backup)  # type: ignore[arg-type]
    for host, fleet in (("thor", "sage"), ("sprout", "other")):
        Here.fleet.name = fleet
        with pytest.raises(ForeignBackup):
            backup_service.require_meant(Here, host, backup)  # type: ignore[arg-type]


def test_two_backups_of_one_second_lie_beside_each_other(
    board: DirectBoard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Here:
        root = tmp_path / "desk"
        fleet = SimpleNamespace(name="sage", overlay=None)

    monkeypatch.setattr(backup_service, "SystemClock", lambda: SimpleNamespace(now=lambda: AT))
    monkeypatch.setattr(backup_service, "_bundled", lambda *_: None)
    folders = [Path(backup_service.kept(Here, board, print).folder) for _ in range(3)]  # type: ignore[arg-type]
    stamp = f"{board.host}-{AT:%Y%m%dT%H%M%SZ}"
    assert [folder.name for folder in folders] == [stamp, f"{stamp}-2", f"{stamp}-3"]
    assert all(set(packed_state.read(folder).files) == set(STATE) for folder in folders)
    assert not list((Here.root / ".sage/backups").glob(".part-*"))


def test_the_copy_is_complete_or_not_there(board: DirectBoard, tmp_path: Path) -> None:
    shutil.rmtree(board.places.state)
    board.places.state.mkdir()
    place = tmp_path / "empty"
    place.mkdir()
    assert packed_state.fetch(board, place, "sage", AT).files == {}
