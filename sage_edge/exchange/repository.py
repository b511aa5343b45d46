"""The clone on disk: made without `git init`, so that a killed start leaves nothing that the next one cannot finish.

    HEAD            ref: refs/heads/host/<self>
    config          the constants below and the hub's address; written again when it differs
    trust           git asks whether we trust a folder that another user owns; the one that it sees is the hub, which
                    the fleet names, and no list of paths matches every way to spell it
    objects/ refs/  git's
    sage-known      empty; the hub has been heard and our branch was taken from it, or it has none

A killed git leaves `*.lock` files and half objects. We hold exchange.lock, so they belong to nobody, unless a git that
outlived its killed parent is still at work: that one is waited for.
"""

from __future__ import annotations

import contextlib
import os
import stat
import time
from collections.abc import Iterator
from pathlib import Path

from sage_edge import files
from sage_edge.errors import Locked
from sage_edge.exchange import git_sync
from sage_edge.exchange.commands import HUB, INCOMING, SSH, TRUST, Clone
from sage_edge.exchange.git_errors import damaged
from sage_edge.exchange.rules import BRANCHES

_CONFIG = f"""\
[core]
	repositoryFormatVersion = 0
	bare = false
	fileMode = false
	autocrlf = false
	safecrlf = false
	logAllRefUpdates = false
	fsmonitor = false
	untrackedCache = false
	hooksPath = /dev/null
	attributesFile = /dev/null
	excludesFile = /dev/null
	sshCommand = {SSH}
[gc]
	auto = 0
[maintenance]
	auto = false
[commit]
	gpgSign = false
[push]
	gpgSign = false
	followTags = false
	recurseSubmodules = no
[transfer]
	fsckObjects = true
[protocol "ext"]
	allow = never
[protocol "file"]
	allow = always
"""

_KNOWN = "sage-known"
_FILES = {"HEAD", "config", TRUST, "index", "packed-refs", _KNOWN, "COMMIT_EDITMSG"}
_FOLDERS = {
    ".",
    "refs",
    "refs/heads",
    "refs/heads/host",
    "refs/incoming",
    "refs/verified",
    "objects",
    "objects/info",
    "objects/pack",
    "signed",
}
_PAUSE_S = 0.05


def make(clone: Clone) -> None:
    """Make the clone, or repair what of it is ours to write. Cheap when all is well.

    Raises CloneDamaged for what no git has ever written there, StorageError.
    """
    _require_shape(clone)
    for folder in ("objects/info", "objects/pack", "refs/heads"):
        files.make_folder(clone.repository / folder)
    files.make_folder(clone.papers)
    remote = f'[remote "{HUB}"]\n\turl = {_quoted(clone.remote)}\n\tfetch = +{BRANCHES}*:{INCOMING}*\n'
    keep(clone.repository / "config", f"{_CONFIG}{remote}[core]\n{git_sync.lines()}".encode())
    keep(clone.repository / TRUST, b"[safe]\n\tdirectory = *\n")
    keep(clone.repository / "HEAD", f"ref: {clone.own}\n".encode())


def keep(path: Path, data: bytes) -> None:
    """Make a file hold exactly this."""
    if not path.is_file() or path.read_bytes() != data:
        files.write_atomic(path, data)


def known(clone: Clone) -> bool:
    """Whether the hub's view of the own branch has ever been heard by this clone."""
    return (clone.repository / _KNOWN).is_file()


def note_known(clone: Clone) -> None:
    """Remember that it has."""
    if not known(clone):
        files.write_atomic(clone.repository / _KNOWN, b"")


def sweep(clone: Clone, *, patience_s: float = 10.0) -> None:
    """Remove what a killed git left behind. Only for the holder of exchange.lock. Raises Locked."""
    left = _leftovers(clone.repository)
    if not left:
        return
    until = time.monotonic() + patience_s
    while orphan := _orphan(clone.repository):
        if time.monotonic() >= until:
            raise Locked(str(clone.repository), f"git, process {orphan}")
        time.sleep(_PAUSE_S)
    for path in _leftovers(clone.repository):
        files.remove(path)


def _require_shape(clone: Clone) -> None:
    """Demand files where git keeps files and folders where it keeps folders; others would hang it, or us."""
    if not files.exists(clone.repository):
        return
    for path in (clone.repository, *_outline(clone.repository)):
        mode = path.lstat().st_mode
        if path.name in _FILES and path.parent == clone.repository:
            fits = stat.S_ISREG(mode)
        elif path.relative_to(clone.repository).as_posix() in _FOLDERS:
            fits = stat.S_ISDIR(mode)
        else:
            fits = stat.S_ISREG(mode) or stat.S_ISDIR(mode)
        if not fits:
            raise damaged(clone, f"{path} is not what git keeps there")


def is_plain(clone: Clone) -> bool:
    """Whether no object is a pipe, a link or another thing that git might wait for. Looks at all of them."""
    folders = [clone.repository / "objects"]
    while folders:
        with os.scandir(folders.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    folders.append(Path(entry.path))
                elif not entry.is_file(follow_symlinks=False):
                    return False
    return True


def _outline(repository: Path) -> Iterator[Path]:
    """All but the objects themselves, whose number grows for ever."""
    if repository.is_dir() and not repository.is_symlink():
        yield from repository.iterdir()
        yield from (repository / "refs").glob("**/*")
        yield from (repository / "objects").glob("*")
        yield from (repository / "objects").glob("info/*")
        yield from (repository / "signed").glob("*")


def _leftovers(repository: Path) -> list[Path]:
    refs = (repository / "refs").glob("**/*.lock")
    temporary = [*repository.glob(".tmp-*"), *repository.glob(".git_signing_*"), *repository.glob("signed/.tmp-*")]
    packs = (repository / "objects" / "pack").glob(".tmp-*")
    return [*repository.glob("*.lock"), *refs, *(repository / "objects").glob("*/tmp_*"), *packs, *temporary]


def _orphan(repository: Path) -> int | None:
    word = f"--git-dir={repository}".encode()
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if word in (process / "cmdline").read_bytes().split(b"\0"):
                return int(process.name)
    return None


def _quoted(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
