"""What a stand-in gets before it first starts, as a tar file: names, owners and rights are those inside."""

from __future__ import annotations

import io
import tarfile
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from sage_edge.declared import yaml_text
from sage_edge.exchange import hub, hub_gate, hub_keys, hub_program

ROOT, SAGE, GIT = 0, 1000, 1001
"""User ids inside; the image makes the last two."""

FACTS_ROOT = "/opt/sim/facts"
REPOSITORY = "srv/git/exchange.git"
GATE = "srv/git/.ssh/authorized_keys"
COMMANDS = "srv/git/git-shell-commands"
"""What git-shell, the login's shell, lets it run besides git's own services."""


@dataclass(frozen=True)
class Piece:
    """A file, or a folder when `content` is None. path: relative to the root inside."""

    path: str
    content: bytes | None
    owner: int = ROOT
    mode: int = 0o644


def packed(pieces: Iterable[Piece]) -> bytes:
    """Return a tar file of the pieces, for `DockerClient.put`."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        for piece in pieces:
            entry = tarfile.TarInfo(piece.path)
            entry.uid = entry.gid = piece.owner
            entry.mode = piece.mode
            entry.type = tarfile.DIRTYPE if piece.content is None else tarfile.REGTYPE
            entry.size = len(piece.content or b"")
            tar.addfile(entry, io.BytesIO(piece.content or b""))
    return stream.getvalue()


def all_facts() -> Mapping[str, Mapping[str, str]]:
    """Return board → path below the facts root → content, of every board that can be stood in for."""
    content = yaml_text.load((Path(__file__).parent / "facts.yaml").read_text("utf-8"))
    return {str(board): {str(path): str(text) for path, text in files.items()} for board, files in content.items()}


def of_board(facts: Mapping[str, str], public_key: str) -> list[Piece]:
    """Return what a board gets: its facts, the file that names their place, and the workstation's key."""
    pieces = [Piece(f"{FACTS_ROOT[1:]}/{path}", text.encode()) for path, text in sorted(facts.items())]
    return [
        *pieces,
        Piece("etc/nv_tegra_release", facts["etc/nv_tegra_release"].encode()),
        Piece("etc/sage", None, mode=0o755),
        Piece("etc/sage/facts-root", f"{FACTS_ROOT}\n".encode()),
        Piece("home/sage/.ssh", None, SAGE, 0o700),
        Piece("home/sage/.ssh/authorized_keys", f"{public_key}\n".encode(), SAGE, 0o600),
    ]


def of_hub(folders: Mapping[str, frozenset[str]], public_key: str) -> list[Piece]:
    """Return what the hub gets: the bare repository with its doorkeeper, and the workstation's key."""
    return [*_repository(folders), Piece("srv/git/.ssh", None, GIT, 0o700), *gate({"desk": public_key})]


def gate(keys: Mapping[str, str]) -> list[Piece]:
    """Return the hub's list of who may fetch and push, and what it lets them run. keys: host → public key."""
    lines = [f"{hub_keys.line(hub_gate.NAME, host, key)}\n" for host, key in sorted(keys.items())]
    return [
        Piece(f"{REPOSITORY}/{hub_gate.NAME}", hub_program.packed(), GIT, 0o755),
        Piece(COMMANDS, None, GIT, 0o755),
        Piece(
            f"{COMMANDS}/{hub_gate.NAME}", f'#!/bin/sh\nexec /{REPOSITORY}/{hub_gate.NAME} "$@"\n'.encode(), GIT, 0o755
        ),
        Piece(GATE, "".join(lines).encode(), GIT, 0o600),
    ]


def admitted(gate_text: str) -> dict[str, str]:
    """Return host → public key of everybody whom such a list lets in, bound to a host or, as once, not."""
    fields = [line.split() for line in gate_text.splitlines()]
    return {words[-1]: " ".join(words[-3:-1]) for words in fields if len(words) >= 4}


def _repository(folders: Mapping[str, frozenset[str]]) -> list[Piece]:
    with tempfile.TemporaryDirectory() as folder:
        repository = Path(folder) / "exchange.git"
        hub.init(repository, folders)
        paths = sorted(repository.rglob("*"))
        inner = [
            Piece(
                f"{REPOSITORY}/{path.relative_to(repository)}",
                path.read_bytes() if path.is_file() else None,
                GIT,
                path.stat().st_mode & 0o777,
            )
            for path in paths
        ]
    return [Piece(REPOSITORY, None, GIT, 0o755), *inner]
