"""Make the clone anew when git cannot work with the one on disk; papers/ and the hub have what it was made of.

    exchange.git            the clone
    exchange.git.new        the next one, while it is made
    exchange.git.damaged    the last one that was put aside; it may be removed

Whatever branch is still whole is taken over from the damaged clone, so that a host without its hub goes on with what
it had: each branch is fetched from a stand-in repository that borrows the damaged one's objects, and git checks every
object on its way. What is missing then comes from the hub, and what nobody had published from papers/.

A kill at any moment leaves the old clone, or the new one under its working name, which `take_place` puts in place.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from sage_edge import files, shell
from sage_edge.exchange import commands, repository
from sage_edge.exchange.commands import Clone

_REF = re.compile(r"([0-9a-f]{40})(?: (refs/\S+))?")
_MUCH = 16 << 20
_STAND_IN = "salvage"
_ITS_CONFIG = b"[core]\n\trepositoryFormatVersion = 0\n\tbare = true\n"


def rebuild(clone: Clone) -> tuple[str, ...]:
    """Make the clone anew and put the old one aside; return the refs that could not be taken over.

    Only for the holder of exchange.lock. Raises StorageError.
    """
    new, aside = _beside(clone, "new"), _beside(clone, "damaged")
    files.remove(new)
    fresh = replace(clone, repository=new)
    repository.make(fresh)
    if repository.known(clone):
        repository.note_known(fresh)
    lost = tuple(_take_over(clone.repository, fresh))
    files.remove(aside)
    with files.storing(clone.repository):
        if files.exists(clone.repository):
            clone.repository.rename(aside)
    take_place(clone)
    return lost


def take_place(clone: Clone) -> None:
    """Put a new clone in place whose maker was killed between taking the old one away and this."""
    new = _beside(clone, "new")
    if new.is_dir() and not files.exists(clone.repository):
        with files.storing(clone.repository):
            new.rename(clone.repository)
            files.sync_folder(clone.repository.parent)


def _beside(clone: Clone, word: str) -> Path:
    return clone.repository.with_name(f"{clone.repository.name}.{word}")


def _take_over(old: Path, fresh: Clone) -> Iterator[str]:
    """Fetch each branch of the old clone that is whole; yield the others' names."""
    stand_in = fresh.repository / _STAND_IN
    for ref, oid in _refs(old).items():
        files.remove(stand_in)
        files.make_folder(stand_in / "refs")
        (stand_in / "HEAD").write_bytes(b"ref: refs/heads/none\n")
        (stand_in / "config").write_bytes(_ITS_CONFIG)
        (stand_in / "objects").symlink_to(old / "objects")
        (stand_in / "packed-refs").write_text(f"{oid} {ref}\n")
        if shell.attempt(commands.take_over(fresh, stand_in, ref)).code != 0:
            yield ref
    files.remove(stand_in)


def _refs(old: Path) -> Mapping[str, str]:
    """Every ref of a repository → commit, read without git: packed ones, then loose ones."""
    refs: dict[str, str] = {}
    for line in _text(old / "packed-refs").splitlines():
        if (packed := _REF.fullmatch(line)) and packed.group(2):
            refs[packed.group(2)] = packed.group(1)
    for path in sorted((old / "refs").glob("**/*")):
        name = path.relative_to(old).as_posix()
        if loose := _REF.fullmatch(_text(path).strip()):
            refs[name] = loose.group(1)
        elif path.is_file():
            refs.pop(name, None)
    return refs


def _text(path: Path) -> str:
    try:
        return files.read(path, at_most=_MUCH).decode("ascii")
    except (OSError, ValueError):
        return ""
