"""What can be broken on a board, and where its newest deployment may stand when it happens: tables for a generator."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from sage_edge.host import release_store
from sage_edge.host.states import UNDOABLE, DeploymentState
from tests.deploy.near_board import NearBoard

Damage = Callable[[NearBoard], None]
OLD, NEW = 0.1, 0.2
"""The samplings that are declared for the first release and the second."""

PATIENCE = {"session_s": 0, "health_s": 1, "revert_s": 60, "cut": False, "who": "ada@desk"}


def deployed(board: NearBoard, *temperatures: float) -> None:
    """Deploy releases, one after the other."""
    for temperature in temperatures:
        board.declare(temperature)
        done = board.typed("deploy")
        assert done.code == 0, done


def stopped(state: DeploymentState) -> Damage:
    """The second release's deployment stopped in a state, and whoever drove it is gone."""

    def prepare(board: NearBoard) -> None:
        deployed(board, OLD, NEW)
        new = board.current()
        assert board.typed("rollback").code == 0
        token = board.helper("lock-acquire", holder="ada", host="desk", pid=1, why="x", release=None)["token"]
        board.helper("unpin", token=token, release=board.current())
        board.helper("lock-release", token=token)
        entry = board.journal.open("deploy", new, board.current())
        for after in UNDOABLE[1 : UNDOABLE.index(state) + 1]:
            entry = board.journal.enter(entry, after)
            if after == "switched":
                release_store.switch(board.places, new)
            if after == "started":
                board.engine.run(("docker", "compose", "up"), folder=board.places.releases / new)

    return prepare


def rolled_back(board: NearBoard) -> None:
    deployed(board, OLD, NEW)
    assert board.typed("rollback").code == 0


STATES: Mapping[str, Damage] = {
    "provisioned": lambda board: board.declare(OLD),
    "first release": lambda board: deployed(board, OLD),
    "second release": lambda board: deployed(board, OLD, NEW),
    "rolled back": rolled_back,
    **{state: stopped(state) for state in UNDOABLE},
}


def gone(place: str) -> Damage:
    return lambda board: _remove(board.here.board / place)


def holding(place: str, content: bytes) -> Damage:
    """A file that is there holds something else."""

    def damage(board: NearBoard) -> None:
        path = board.here.board / place
        if path.exists():
            mode = path.stat().st_mode
            path.write_bytes(content)
            path.chmod(mode)

    return damage


def folder(place: str) -> Damage:
    def damage(board: NearBoard) -> None:
        _remove(board.here.board / place)
        (board.here.board / place).mkdir(parents=True)

    return damage


def retired(mark: bytes) -> Damage:
    """Somebody else retired it, and was cut off at once."""

    def damage(board: NearBoard) -> None:
        board.places.retired.write_bytes(mark)

    return damage


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def changed(place: str) -> Damage:
    """One byte in the first line of a file is another."""

    def damage(board: NearBoard) -> None:
        path = board.here.board / place
        if path.is_file():
            content = path.read_bytes()
            path.write_bytes(content[:10] + b"#" + content[11:])

    return damage


def of_release(name: str, act: Callable[[str], Damage]) -> Damage:
    """Damage to a file of the release that `current` names."""
    return lambda board: act(f"srv/sage/releases/{board.current() or 'none'}/{name}")(board)


def edited(name: str) -> Damage:
    return of_release(name, lambda place: holding(place, b"services: {}\n"))


def without_images(board: NearBoard) -> None:
    board.engine.boxes.clear()
    board.engine.images_there.clear()


def stopped_container(board: NearBoard) -> None:
    for box in board.engine.boxes.values():
        box["State"].update({"Running": False, "Status": "exited"})


def other_image_runs(board: NearBoard) -> None:
    for box in board.engine.boxes.values():
        box["Image"] = f"sha256:{'9' * 64}"


def unhealthy(board: NearBoard) -> None:
    for box in board.engine.boxes.values():
        box["State"]["Health"]["Status"] = "unhealthy"


def engine_stopped(board: NearBoard) -> None:
    board.engine.is_up = False


def card_of(text: str) -> Damage:
    return holding("etc/sage/host.yaml", text.encode())


def failing_agent(board: NearBoard) -> None:
    path = board.places.state / "heartbeat.json"
    if path.exists():
        beat = json.loads(path.read_text("utf-8"))
        path.write_text(json.dumps({**beat, "failing": "no model"}), "utf-8")


def foreign_state(board: NearBoard) -> None:
    path = board.places.state / "journals" / "P001.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("{}\n", "utf-8")
    path.chmod(0)


JOURNAL, LOCK, AUDIT = "srv/sage/deploy/journal.jsonl", "srv/sage/deploy/lock.json", "srv/sage/deploy/audit.jsonl"


def locked_by_garbage(board: NearBoard) -> None:
    board.places.lock.write_bytes(b"\0" * 40)


DAMAGES: Mapping[str, Damage] = {
    "none": lambda board: None,
    "journal: a byte": changed(JOURNAL),
    "journal: emptied": holding(JOURNAL, b""),
    "journal: NULs": holding(JOURNAL, b"\0" * 300 + b"\n"),
    "journal: gone": gone(JOURNAL),
    "journal: a folder": folder(JOURNAL),
    "lock: garbage": locked_by_garbage,
    "lock: a folder": folder(LOCK),
    "audit: a byte": changed(AUDIT),
    "audit: gone": gone(AUDIT),
    "audit: NULs": holding(AUDIT, b"\0" * 300 + b"\n"),
    "audit: a folder": folder(AUDIT),
    "card: gone": gone("etc/sage/host.yaml"),
    "card: garbage": card_of("\0\0\0"),
    "card: another host's": card_of("format: 1\nhost: thor\nfleet: sage\n"),
    "card: another fleet's": card_of("format: 1\nhost: sprout\nfleet: zoo\n"),
    "current: gone": gone("srv/sage/current"),
    "release: gone": of_release("", gone),
    "release: other release.json": edited("release.json"),
    "release: no release.json": of_release("release.json", gone),
    "release: other compose": edited("compose.yaml"),
    "release: no .env": of_release(".env", gone),
    "release: no listing": of_release(".listing.json", gone),
    "images: gone": without_images,
    "container: gone": lambda board: board.engine.boxes.clear(),
    "container: stopped": stopped_container,
    "container: other image": other_image_runs,
    "container: unhealthy": unhealthy,
    "engine: stopped": engine_stopped,
    "state: rights below": foreign_state,
    "state: rights": lambda board: board.places.state.chmod(0o700),
    "agent: failing": failing_agent,
    "key: gone": gone("srv/sage/keys/exchange"),
    "key: open": lambda board: (board.here.board / "srv/sage/keys/exchange").chmod(0o444),
    "unit: other text": holding("etc/systemd/system/sage-release.service", b"[Unit]\n"),
    "unit: disabled": lambda board: board.engine.units.clear(),
    "retired": retired(b'{"at": "2026-11-20", "format": 1, "who": "ada"}'),
    "retired: garbage": retired(b"\0"),
    "retired: a folder": folder("srv/sage/deploy/retired.json"),
    "known_hosts: other": holding("etc/sage/known_hosts", b"# nobody\n"),
}
