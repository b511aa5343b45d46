"""Make the hub: a bare repository whose pre-receive hook checks pushes by the receivers' rules.

HEAD, config, objects/, refs/   git's; config as below
sage-hosts.json                 format 1: host → folders below which it may add papers; marks the folder as a hub
hooks/pre-receive               the hub's program (hub_program.py): needs git and python3 on the hub, nothing else
hooks/post-receive              the same program: packs the hub where that is due (hub_upkeep.py)
sage-hub                        the same program: what authorized_keys lets a host's key run (hub_gate.py)
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from sage_edge import files
from sage_edge.errors import UsageError
from sage_edge.exchange import git_sync, hub_program
from sage_edge.exchange.doorkeeper import HOSTS
from sage_edge.exchange.hub_gate import NAME
from sage_edge.exchange.repository import keep
from sage_edge.hints import sage

_CONFIG = """\
[core]
	repositoryFormatVersion = 0
	bare = true
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


def init(path: Path, folders: Mapping[str, frozenset[str]]) -> None:
    """Make a hub, or bring one up to date with the fleet. Raises UsageError for a folder that is something else."""
    _require_place(path)
    files.make_folder(path)
    # first, so that whatever is killed after it is known to be a hub
    keep(path / HOSTS, _hosts(folders))
    for folder in ("objects/info", "objects/pack", "refs/heads"):
        files.make_folder(path / folder)
    for name in ("hooks/pre-receive", "hooks/post-receive", NAME):
        _keep_program(path / name, hub_program.packed())
    keep(path / "config", f"{_CONFIG}[core]\n{git_sync.lines()}".encode())
    keep(path / "HEAD", b"ref: refs/heads/main\n")


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


def _keep_program(path: Path, program: bytes) -> None:
    if path.is_file() and path.read_bytes() == program and path.stat().st_mode & 0o111 == 0o111:
        return
    # it must never lie there without its right to run: git would let everything in
    fresh = path.with_name(f"{path.name}.next")
    files.write_atomic(fresh, program)
    with files.storing(path):
        fresh.chmod(0o755)
        fresh.replace(path)
        files.sync_folder(path.parent)
