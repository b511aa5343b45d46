"""Tell which files of a release are no longer those that were staged: all are looked at, bytes are read where needed.

    /srv/sage/releases/<12 hex>/.listing.json    format 1, written when the release is staged
    {"format": 1, "files": {"compose.yaml": {"sha256": "ab…", "mode": "0644", "stamp": "size mtime ctime inode"}, …}}

A file whose stamp is still that of the listing holds what it held: whoever writes to it moves its ctime. Where the
stamp differs, as after a copy of the folder, its bytes are read and their digest decides.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from sage_edge.host import durable

NAME = ".listing.json"
_PART = f".{NAME}.part"


def write(folder: Path) -> None:
    """List every file of a release as it lies there now."""
    entries = {name: _entry(path) for name, path in _files(folder)}
    durable.replace(folder / NAME, durable.canonical({"format": 1, "files": entries}))


def changed(folder: Path) -> list[str] | None:
    """Return what is not as it was listed, sorted: `a`, `b (gone)`, `c (new)`; None: nobody listed these files."""
    listed = _read(folder)
    if listed is None:
        return None
    there = dict(_files(folder))
    wrong = [name for name, path in there.items() if name in listed and not _is(path, listed[name])]
    wrong += [f"{name} (new)" for name in there if name not in listed]
    wrong += [f"{name} (gone)" for name in listed if name not in there]
    return sorted(wrong)


def names(folder: Path) -> list[str]:
    """Return the paths of a release's files, below its folder."""
    return [name for name, _ in _files(folder)]


def _read(folder: Path) -> Mapping[str, Mapping[str, str]] | None:
    try:
        listing = json.loads((folder / NAME).read_bytes())
        if listing["format"] == 1:
            return {name: dict(entry) for name, entry in listing["files"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        pass
    return None


def _files(folder: Path) -> Iterator[tuple[str, Path]]:
    """Everything below a folder that is no folder: a link or a pipe is none of ours, and must show."""
    for place, folders, files in os.walk(folder):
        for name in (*files, *(inner for inner in folders if Path(place, inner).is_symlink())):
            path = Path(place, name)
            below = path.relative_to(folder).as_posix()
            if below not in (NAME, _PART):
                yield below, path


def _entry(path: Path) -> dict[str, str]:
    status = path.lstat()
    return {"sha256": _sha256(path, status), "mode": _mode(status), "stamp": _stamp(status)}


def _is(path: Path, listed: Mapping[str, str]) -> bool:
    try:
        status = path.lstat()
        if _mode(status) != listed.get("mode"):
            return False
        return _stamp(status) == listed.get("stamp") or _sha256(path, status) == listed.get("sha256")
    except OSError:
        return False


def _mode(status: os.stat_result) -> str:
    return f"{stat.S_IMODE(status.st_mode):04o}" if stat.S_ISREG(status.st_mode) else "no file"


def _stamp(status: os.stat_result) -> str:
    return f"{status.st_size} {status.st_mtime_ns} {status.st_ctime_ns} {status.st_ino}"


def _sha256(path: Path, status: os.stat_result) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if stat.S_ISREG(status.st_mode) else ""
