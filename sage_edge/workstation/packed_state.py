"""A backup on the workstation: a board's packed state, and every host's branch as the hub held it.

    FOLDER/backup.json     format 1; written last: a folder without it is no backup
    FOLDER/state.tar.gz    as the board packed it; its files are listed in backup.json
    FOLDER/hub.bundle      git's own format: refs/incoming/<host>, as the desk last heard the hub

    {"format": 1, "host": "sprout", "fleet": "sage", "at": "…", "state": "sha256:…", "size_bytes": 4711,
     "files": {"papers/sessions/primary/000/P001.json": "<sha256>"}, "skipped": [], "hub": "sha256:…" | null}

No key is in it: keys never leave a board.
"""

from __future__ import annotations

import hashlib
import tarfile
from datetime import datetime
from pathlib import Path
from typing import Literal

from sage_edge import files
from sage_edge.names import Digest, HostName
from sage_edge.records.base import Moment, Record, parse
from sage_edge.remote.board.client import BoardClient
from sage_edge.workstation.errors import BackupDamaged

PAPER, STATE, HUB = "backup.json", "state.tar.gz", "hub.bundle"
PIECE_BYTES = 4 << 20
MOST_PAPER_BYTES = 64 << 20


class Backup(Record):
    """What a backup holds."""

    format: Literal[1] = 1
    host: HostName
    fleet: str
    at: Moment
    state: Digest
    size_bytes: int
    files: dict[str, str]
    skipped: tuple[str, ...] = ()
    hub: Digest | None = None

    @property
    def packed(self) -> str:
        """The name that the packed state has on a board."""
        return self.state.removeprefix("sha256:")


def fetch(board: BoardClient, into: Path, fleet: str, at: datetime) -> Backup:
    """Fetch a board's state into `into`/state.tar.gz; return what it holds, each file compared with its digest.

    Raises BackupDamaged, and then no backup is there.
    """
    packed = board.pack_state()
    name, size = str(packed["id"]), int(packed["size"])
    place = into / STATE
    with place.open("wb") as sink:
        while sink.tell() < size and (piece := board.state_piece(name, sink.tell())):
            sink.write(piece)
    backup = Backup(
        host=board.host,
        fleet=fleet,
        at=at,
        state=Digest(f"sha256:{name}"),
        size_bytes=size,
        files={str(path): str(digest) for path, digest in packed["files"].items()},
        skipped=tuple(map(str, packed["skipped"])),
    )
    require_whole(into, backup)
    board.forget_packed(name)
    return backup


def send(board: BoardClient, folder: Path, backup: Backup) -> None:
    """Send a packed state to a board; what is there already is not sent again."""
    with (folder / STATE).open("rb") as stream:
        have = board.send_state(backup.packed, backup.size_bytes, 0, b"")
        while have < backup.size_bytes:
            stream.seek(have)
            arrived = board.send_state(backup.packed, backup.size_bytes, have, stream.read(PIECE_BYTES))
            if arrived <= have:
                raise _damaged(folder, f"{board.host} does not take more than {have} bytes of it")
            have = arrived


def read(folder: Path) -> Backup:
    """Return what a folder holds, all of it compared with its digests. Raises BackupDamaged."""
    try:
        backup = parse(Backup, files.read(folder / PAPER, at_most=MOST_PAPER_BYTES))
    except (OSError, ValueError) as unreadable:
        raise _damaged(folder, f"{PAPER} cannot be read: {unreadable}") from None
    require_whole(folder, backup)
    if backup.hub and not _is(folder / HUB, backup.hub):
        raise _damaged(folder, f"{HUB} is not what {PAPER} says")
    return backup


def require_whole(folder: Path, backup: Backup) -> None:
    """Raise BackupDamaged unless the packed state is what it was, and holds exactly the files that are listed."""
    if not _is(folder / STATE, backup.state):
        raise _damaged(folder, f"{STATE} is not what was packed")
    left = dict(backup.files)
    try:
        with tarfile.open(folder / STATE, "r:gz") as archive:
            for entry in archive:
                stream = archive.extractfile(entry) if entry.isreg() else None
                digest = hashlib.sha256()
                while stream and (piece := stream.read(1 << 20)):
                    digest.update(piece)
                if left.pop(entry.name, None) != digest.hexdigest() or stream is None:
                    raise _damaged(folder, f"{entry.name!r:.80} is not what its listing says")
    except (tarfile.TarError, EOFError, OSError) as broken:
        raise _damaged(folder, f"{STATE} cannot be unpacked: {broken}") from None
    if left:
        raise _damaged(folder, f"{len(left)} listed files are not in it")


def _is(path: Path, digest: Digest) -> bool:
    try:
        return files.digest_file(path) == digest
    except OSError:
        return False


def _damaged(folder: Path, why: str) -> BackupDamaged:
    return BackupDamaged(str(folder), why)
