"""Digest a board's files and its engine's state, to prove that something changed nothing."""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sage_edge.host.board_paths import Places
from sage_edge.host.machine import LocalEngine

FOLDERS = ("etc", "srv", "usr/local", "var/lib/systemd", "home", "root", "opt")
_RESTLESS = ("etc/mtab", "var/lib/systemd/timesync/clock", "var/lib/systemd/random-seed", "srv/sage/state")
"""What changes by itself: the clock's stamp, and the state that the running agent writes."""


def take(places: Places, engine: LocalEngine) -> Mapping[str, Any]:
    """Return {"files": digest, "engine": digest, "entries": count}: names, modes, owners and contents; what runs."""
    files, count = hashlib.sha256(), 0
    for line in _tree(places.root):
        files.update(line)
        count += 1
    return {"files": files.hexdigest(), "engine": hashlib.sha256(_engine(engine)).hexdigest(), "entries": count}


def _tree(root: Path) -> Iterator[bytes]:
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*")):
            name = path.relative_to(root).as_posix()
            if not name.startswith(_RESTLESS):
                yield _entry(path, name)


def _entry(path: Path, name: str) -> bytes:
    try:
        status = path.lstat()
        content = ""
        if stat.S_ISLNK(status.st_mode):
            content = str(path.readlink())
        elif stat.S_ISREG(status.st_mode):
            content = f"{status.st_mtime_ns} {hashlib.sha256(path.read_bytes()).hexdigest()}"
    except OSError:
        content = "gone"
        return f"{name} {content}\n".encode()
    return f"{name} {status.st_mode:o} {status.st_uid} {status.st_gid} {content}\n".encode()


def _engine(engine: LocalEngine) -> bytes:
    containers = sorted(f"{entry['Id']} {entry['ImageID']} {entry['State']}" for entry in engine.containers())
    images = sorted(f"{entry['Id']} {entry.get('RepoTags')}" for entry in engine.images())
    return "\n".join((*containers, *images)).encode()
