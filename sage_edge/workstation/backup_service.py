"""`invoke backup` and `invoke restore`: a board's state and the hub's branches, brought here and back."""

from __future__ import annotations

import errno
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import click

from sage_edge import files, sizes
from sage_edge.cli.environment import log_of
from sage_edge.clock import SystemClock
from sage_edge.deploy.held_lock import holding
from sage_edge.deploy.rollout_options import RolloutTimeouts
from sage_edge.errors import Unreachable, UsageError
from sage_edge.hints import invoke
from sage_edge.names import Digest, HostName
from sage_edge.remote.board.client import BoardClient
from sage_edge.remote.board.identity_check import require_own
from sage_edge.sizes import counted
from sage_edge.workstation import desk, host_memory, hub_restore, packed_state
from sage_edge.workstation.context import FleetContext
from sage_edge.workstation.errors import ForeignBackup
from sage_edge.workstation.packed_state import Backup


@dataclass(frozen=True)
class BackupDone:
    """Where a backup lies, and what is in it."""

    folder: str
    files: int
    size_bytes: int
    skipped: tuple[str, ...]
    hub: bool


@dataclass(frozen=True)
class RestoreDone:
    """What a restore put in place; replaced: where what was there lies now."""

    files: int
    replaced: str | None
    started: bool


def backed_up(here: FleetContext, host: HostName) -> BackupDone:
    """Bring a board's state and the hub's branches to a new folder below .sage/backups; it is there when it is whole.

    Raises BackupDamaged, WrongBoard, Unreachable for the board; a hub that is away is told, and taken as last heard.
    """
    with here.board(host) as board:
        require_own(board.facts(), here.fleet.name)
        return kept(here, board, log_of(host))


def kept(here: FleetContext, board: BoardClient, say: Callable[[str], None]) -> BackupDone:
    """The same for a board that is connected."""
    now = SystemClock().now()
    shelf = here.root / ".sage" / "backups"
    files.make_folder(shelf)
    work = Path(tempfile.mkdtemp(prefix=".part-", dir=shelf))
    try:
        backup = packed_state.fetch(board, work, here.fleet.name, now)
        backup = backup.model_copy(update={"hub": _bundled(here, work, say)})
        files.write_atomic(work / packed_state.PAPER, backup.pretty())
        place = _shelved(work, f"{board.host}-{now:%Y%m%dT%H%M%SZ}")
        files.sync_folder(shelf)
    except BaseException:
        shutil.rmtree(work, ignore_errors=True)
        raise
    memory = host_memory.read(here.root, here.fleet, board.host)
    host_memory.keep(here.root, here.fleet, memory.model_copy(update={"archived": now}))
    return BackupDone(str(place), len(backup.files), backup.size_bytes, backup.skipped, backup.hub is not None)


def _shelved(work: Path, name: str) -> Path:
    """Give a whole backup its name, or that name with a number where another of the same second has it."""
    place, number = work.with_name(name), 1
    while True:
        try:
            return work.rename(place)
        except OSError as taken:
            if taken.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise
            number += 1
            place = work.with_name(f"{name}-{number}")


def _bundled(here: FleetContext, folder: Path, say: Callable[[str], None]) -> Digest | None:
    own = desk.of(here)
    try:
        own.look()
    except Unreachable as away:
        say(f"without the hub's branches: {away.message}")
        return None
    place = folder / packed_state.HUB
    return files.digest_file(place) if own.post.bundle(place) else None


def restored(here: FleetContext, host: HostName, folder: str, *, replace: bool) -> RestoreDone:
    """Put a backup's state in place on a board. Raises BackupDamaged, ForeignBackup, WrongBoard, BoardRefused."""
    if not folder:
        raise UsageError("say which backup: --file FOLDER", hint=invoke("restore", help=True))
    backup = packed_state.read(Path(folder))
    require_meant(here, host, backup)
    with here.board(host) as board:
        require_own(board.facts(), here.fleet.name)
        return put_back(board, Path(folder), backup, replace=replace)


def hub_restored(here: FleetContext, host: str, folder: str) -> int:
    """Give the hub the branches of a backup. Raises UsageError, HubNotRestored."""
    if host or not folder:
        raise UsageError("say --hub --file FOLDER, or --host NAME --file FOLDER", hint=invoke("restore", help=True))
    hub_restore.restored(here, Path(folder))
    click.echo(hub_restore.line(Path(folder)))
    return 0


def require_meant(here: FleetContext, host: HostName, backup: Backup) -> None:
    """Raise ForeignBackup for what another host has written, or the same name in another fleet."""
    if (backup.host, backup.fleet) != (host, here.fleet.name):
        raise ForeignBackup(host, f"{backup.host} of the fleet {backup.fleet}")


def put_back(board: BoardClient, folder: Path, backup: Backup, *, replace: bool) -> RestoreDone:
    """The same for a board that is connected."""
    with holding(board, "restore", RolloutTimeouts()) as token:
        packed_state.send(board, folder, backup)
        done = board.restore_state(token, backup.packed, backup.files, replace=replace)
    return RestoreDone(int(done["files"]), done["replaced"], bool(done["started"]))


def backup_line(done: BackupDone) -> str:
    """What people read."""
    hub = "with" if done.hub else "without"
    lines = [f"{counted(done.files, 'file')}, {sizes.text(done.size_bytes)}, {hub} the hub's branches: {done.folder}"]
    return "\n".join([*lines, *(f"  left out, no plain file: {name}" for name in done.skipped)])


def restore_line(done: RestoreDone) -> str:
    """What people read."""
    lines = [f"{counted(done.files, 'file')} in place"]
    if done.replaced:
        lines.append(f"  what was there lies in {done.replaced} on the board")
    lines.append("  its agent runs again" if done.started else "  its agent does not run yet")
    return "\n".join(lines)
