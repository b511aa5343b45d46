"""What this workstation did to hosts, kept beside the declarations, which may forget a host that still runs.

    .sage/hosts/<overlay>/<host>.json    format 1; `fleet` where no overlay is laid over

    {"format": 1, "host": "sprout", "deployed": {"at": "…", "release": "0a1b…"} | null, "archived": "…" | null,
     "retired": {"at": "…", "marked": "…" | null, "archive": ".sage/backups/…" | null, "done": true} | null}

archived: when its state was last brought here. marked: as the board says when it was retired; null: it was never
reached. A deploy ends what `retired` says. Of a host that nobody deploys from this workstation nothing
is known here.
"""

from __future__ import annotations

import contextlib
from datetime import datetime
from pathlib import Path
from typing import Literal

from sage_edge import files
from sage_edge.errors import StorageError
from sage_edge.inventory.fleet import Fleet
from sage_edge.names import HostName
from sage_edge.records.base import Moment, Record, parse

_MOST_BYTES = 100_000


class Deployed(Record):
    """What was deployed last."""

    at: Moment
    release: str


class Retired(Record):
    """How far a retirement has come. archive: the folder of the state's last backup, as it was typed."""

    at: Moment
    marked: str | None = None
    archive: str | None = None
    done: bool = False


class HostMemory(Record):
    """One host."""

    format: Literal[1] = 1
    host: HostName
    deployed: Deployed | None = None
    archived: Moment | None = None
    retired: Retired | None = None


def read(root: Path, fleet: Fleet, host: HostName) -> HostMemory:
    """Return what is remembered of a host; what cannot be read is forgotten."""
    with contextlib.suppress(OSError, ValueError):
        return parse(HostMemory, files.read(_path(root, fleet, host), at_most=_MOST_BYTES))
    return HostMemory(host=host)


def every(root: Path, fleet: Fleet) -> list[HostMemory]:
    """Return what is remembered of all hosts of a fleet, in name order."""
    names = sorted(path.stem for path in _folder(root, fleet).glob("*.json"))
    known = [read(root, fleet, HostName(name)) for name in names if HostName.grammar.fullmatch(name)]
    return [memory for memory in known if memory.deployed or memory.archived or memory.retired]


def keep(root: Path, fleet: Fleet, memory: HostMemory) -> None:
    """Remember. Raises StorageError."""
    files.make_folder(_folder(root, fleet))
    files.write_atomic(_path(root, fleet, memory.host), memory.pretty())


def was_deployed(root: Path, fleet: Fleet, host: HostName, release: str, now: datetime) -> None:
    """Remember what a host runs; it is in service again. Where that cannot be written, a later status says less."""
    with contextlib.suppress(StorageError):
        fresh = {"deployed": Deployed(at=now, release=release), "retired": None}
        keep(root, fleet, read(root, fleet, host).model_copy(update=fresh))


def is_known(root: Path, fleet: Fleet, host: HostName) -> bool:
    """Whether anything is remembered of a host."""
    return _path(root, fleet, host).is_file()


def _path(root: Path, fleet: Fleet, host: HostName) -> Path:
    return _folder(root, fleet) / f"{host}.json"


def _folder(root: Path, fleet: Fleet) -> Path:
    return root / ".sage" / "hosts" / (fleet.overlay or "fleet")
