"""What is read of the hosts: their verified tips, through git's object reader, never through a checkout."""

from __future__ import annotations

from collections.abc import Collection

from sage_edge import shell
from sage_edge.exchange import commands, git_errors, papers, rules
from sage_edge.exchange.commands import VERIFIED, Clone
from sage_edge.names import HostName
from sage_edge.shell import Command, Result

Papers = tuple[tuple[str, bytes], ...]
"""(path, content), sorted by path."""


def here(clone: Clone, command: Command) -> Result:
    """Run a command that needs no hub. Raises StorageError, OwnBranchBroken, CommandFailed."""
    result = shell.attempt(command)
    if result.code != 0:
        raise git_errors.failed_here(clone, command, result)
    return result


def git_of(clone: Clone) -> rules.Git:
    """The clone's git as the rules want it."""
    return lambda words, stdin: here(clone, commands.git(clone, *words, stdin=stdin)).out


def tips(clone: Clone) -> dict[str, str]:
    """Return ref → commit; nothing before the clone was made."""
    if not (clone.repository / "HEAD").exists():
        return {}
    pairs = (line.split(" ", 1) for line in here(clone, commands.tips(clone)).text.splitlines())
    return {ref: oid for oid, ref in pairs}


def verified(clone: Clone) -> dict[str, str]:
    """Return host → the commit up to which its branch is read."""
    return {ref[len(VERIFIED) :]: oid for ref, oid in tips(clone).items() if ref.startswith(VERIFIED)}


def listing(clone: Clone, at: str, below: str = "") -> dict[str, str]:
    """Return path → blob of the regular files of a tree, sorted by path."""
    entries = here(clone, commands.tree(clone, at, below)).out.split(b"\0")[:-1]
    pairs = (entry.decode("utf-8", "backslashreplace").split("\t", 1) for entry in entries)
    return {path: about.split(" ")[2] for about, path in sorted(pairs, key=lambda pair: pair[1])}


def tree_papers(clone: Clone, at: str, below: str = "", only: Collection[str] | None = None) -> Papers:
    """Return the files of a tree with their content. only: these paths alone."""
    blobs = {path: oid for path, oid in listing(clone, at, below).items() if only is None or path in only}
    if not blobs:
        return ()
    bodies = dict(rules.objects(here(clone, commands.contents(clone, dict.fromkeys(blobs.values()))).out))
    return tuple((path, bodies[oid]) for path, oid in blobs.items())


def names(clone: Clone, host: HostName, folder: str) -> tuple[str, ...]:
    """Return the paths below a folder of a host's branch."""
    if host == clone.host:
        return papers.names(clone.papers, folder)
    at = tips(clone).get(VERIFIED + host)
    return tuple(listing(clone, at, folder)) if at else ()


def read(clone: Clone, host: HostName, folder: str, only: Collection[str] | None = None) -> Papers:
    """Return the papers below a folder of a host's branch; the own ones as they lie in papers/. only: as of Post."""
    if host == clone.host:
        own = (name for name in papers.names(clone.papers, folder) if only is None or name in only)
        return tuple((name, (clone.papers / name).read_bytes()) for name in own)
    at = tips(clone).get(VERIFIED + host)
    return tree_papers(clone, at, folder, only) if at else ()


def in_order(clone: Clone, host: HostName, folder: str) -> Papers:
    """Return the papers below a folder of a host's branch in the order of their commits, then by path.

    Own papers that are not committed yet come last.
    """
    by_path = dict(read(clone, host, folder))
    at = tips(clone).get(clone.own if host == clone.host else VERIFIED + host) if by_path else None
    listed = here(clone, commands.additions(clone, at, folder)).out.split(b"\0") if at else []
    order = dict.fromkeys(path.decode("utf-8", "backslashreplace") for path in listed if path)
    return tuple((path, by_path[path]) for path in dict.fromkeys((*order, *by_path)) if path in by_path)


def unpublished(clone: Clone) -> int:
    """Return how many papers the hub did not have when it was last heard; worklog and status do not count."""
    at = tips(clone).get(commands.INCOMING + clone.host)
    there = listing(clone, at) if at else {}
    return sum(1 for name in papers.names(clone.papers) if papers.is_immutable(name) and name not in there)
