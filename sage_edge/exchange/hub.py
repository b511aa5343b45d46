"""Make the hub: a bare repository whose pre-receive hook checks pushes by the receivers' rules.

HEAD, config, objects/, refs/   git's; config as below
sage-hosts.json                 format 1: host → folders below which it may add papers; marks the folder as a hub
hooks/pre-receive               rules.py and three lines: needs git and python3 on the hub, nothing else
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from sage_edge import files
from sage_edge.errors import UsageError
from sage_edge.exchange import rules
from sage_edge.exchange.repository import keep
from sage_edge.hints import sage

HOSTS = "sage-hosts.json"
CONFIG = """\
[core]
	repositoryFormatVersion = 0
	bare = true
	fsync = all
	fsyncMethod = fsync
	logAllRefUpdates = true
	hooksPath = hooks
[receive]
	denyNonFastForwards = true
	denyDeletes = true
	fsckObjects = true
	autoGc = false
[gc]
	auto = 0
"""

_MAIN = f"""

if __name__ == "__main__":
    sys.exit(pre_receive(sys.stdin, Path(__file__).resolve().parents[1] / "{HOSTS}"))
"""


def init(path: Path, folders: Mapping[str, frozenset[str]]) -> None:
    """Make a hub, or bring one up to date with the fleet. Raises UsageError for a folder that is something else."""
    _require_place(path)
    files.make_folder(path)
    # first, so that whatever is killed after it is known to be a hub
    keep(path / HOSTS, _hosts(folders))
    for folder in ("objects/info", "objects/pack", "refs/heads"):
        files.make_folder(path / folder)
    _keep_hook(path / "hooks" / "pre-receive", hook())
    keep(path / "config", CONFIG.encode())
    keep(path / "HEAD", b"ref: refs/heads/main\n")


def hook() -> bytes:
    """The program that git runs before it lets a push in."""
    return b"#!/usr/bin/env python3\n" + Path(rules.__file__).read_bytes() + _MAIN.encode()


def _hosts(folders: Mapping[str, frozenset[str]]) -> bytes:
    written = {"format": 1, "folders": {str(host): sorted(names) for host, names in sorted(folders.items())}}
    return (json.dumps(written, indent=1) + "\n").encode()


def _require_place(path: Path) -> None:
    if path.exists() and not path.is_dir():
        raise UsageError(f"{path} is a file", hint="name a folder that does not exist yet")
    if path.is_dir() and any(path.iterdir()) and not (path / HOSTS).is_file() and not _only_temporaries(path):
        raise UsageError(
            f"{path} holds something that is no hub of ours",
            hint=("name a folder that does not exist yet, or one made by: ", sage("exchange init", "FOLDER")),
        )


def _only_temporaries(path: Path) -> bool:
    return all(entry.name.startswith(".tmp-") for entry in path.iterdir())


def _keep_hook(path: Path, program: bytes) -> None:
    if path.is_file() and path.read_bytes() == program and path.stat().st_mode & 0o111 == 0o111:
        return
    # it must never lie there without its right to run: git would let everything in
    fresh = path.with_name("pre-receive.next")
    files.write_atomic(fresh, program)
    with files.storing(path):
        fresh.chmod(0o755)
        fresh.replace(path)
        files.sync_folder(path.parent)
