"""Every git command of this room, as words. Nothing here runs anything.

All of them see the same sealed surroundings: no configuration but the clone's own file (see repository), no variable
that another git left behind, no question on a terminal, English answers. GIT_SSH_COMMAND passes: boards need it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from sage_edge.exchange import rules
from sage_edge.exchange.inspection import EMPTY_TREE
from sage_edge.exchange.repairs import ForeignRange
from sage_edge.names import HostName
from sage_edge.shell import Command

TIMEOUT_S = 60.0
LARGEST_PACK_BYTES = 256 << 20
"""What a fetch may write into one file; the papers of many years take less."""

LIST_S = 15.0
"""How long a hub that did not end a fetch may take to list its branches."""

HUB = "hub"
"""The remote's name in the clone's configuration; it keeps refs/incoming in step with what is fetched and pushed."""

SSH = "ssh -o BatchMode=yes -o ConnectTimeout=20"
"""How the hub is reached over ssh, unless GIT_SSH_COMMAND says it."""

TRUST = "trust"
"""A file of the clone in place of the user's own configuration: it is passed on to the git at the hub's end."""

INCOMING = "refs/incoming/"
VERIFIED = "refs/verified/"
FOREIGN = "refs/foreign/"
"""What somebody else has put on our own branch, so that it stays whatever becomes of the hub."""

OFFLINE = {"GIT_ALLOW_PROTOCOL": "none", "GIT_NO_LAZY_FETCH": "1"}
"""For reading: a repository that lacks an object may not make git fetch it from where its own configuration says."""

UNSIGNED = ("commit", "--no-gpg-sign")
_ONLY_REFS = ("--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules", "--no-auto-maintenance")


@dataclass(frozen=True)
class Clone:
    """Whose clone it is, where it and its papers and locks lie, and where the hub is.

    ssh: the ssh by which the hub is reached, as a shell line; empty: what the environment or git says.
    """

    host: HostName
    repository: Path
    papers: Path
    locks: Path
    remote: str
    ssh: str = ""

    @property
    def own(self) -> str:
        """The ref of the own branch."""
        return rules.BRANCHES + self.host


def surroundings(clone: Clone) -> dict[str, str]:
    """The environment of every command."""
    return {
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": str(clone.repository / TRUST),
        "GIT_CONFIG_COUNT": "0",
        "GIT_CONFIG_PARAMETERS": "",
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_LITERAL_PATHSPECS": "1",
        "GIT_INDEX_FILE": str(clone.repository / "index"),
        "GIT_OBJECT_DIRECTORY": str(clone.repository / "objects"),
        "GIT_ALTERNATE_OBJECT_DIRECTORIES": "",
        "GIT_NAMESPACE": "",
        "LC_ALL": "C",
    }


def git(clone: Clone, *words: str, stdin: bytes = b"", env: Mapping[str, str] | None = None) -> Command:
    """Some git command on the clone."""
    places = (f"--git-dir={clone.repository}", f"--work-tree={clone.papers}")
    ssh = {"GIT_SSH_COMMAND": clone.ssh} if clone.ssh else {}
    return Command(
        words=("git", *places, "-c", "core.hooksPath=/dev/null", *words),
        timeout_s=TIMEOUT_S,
        stdin=stdin,
        env={**surroundings(clone), **ssh, **(env or {})},
    )


def fetch(clone: Clone, *hosts: str) -> Command:
    """Bring refs/incoming to what the hub holds: every host's branch, or only those named."""
    refspecs = [f"+{rules.BRANCHES}{host}:{INCOMING}{host}" for host in hosts or ("*",)]
    prune = () if hosts else ("--prune",)
    words = git(clone, "fetch", *_ONLY_REFS, *prune, HUB, *refspecs)
    return replace(words, largest_file_bytes=LARGEST_PACK_BYTES)


def take_over(clone: Clone, from_: Path, ref: str) -> Command:
    """Bring one ref from another repository on this disk; every object is checked."""
    return git(clone, "fetch", *_ONLY_REFS, str(from_), f"+{ref}:{ref}")


def check(clone: Clone) -> Command:
    """Look whether every ref leads to objects that are there and are what their names say. Exit status 0: they do."""
    return git(clone, "fsck", "--no-dangling", "--no-progress", env=OFFLINE)


def list_hub(clone: Clone) -> Command:
    """Ask the hub for its branches: `<oid> TAB <ref>` lines."""
    return replace(git(clone, "ls-remote", HUB, f"{rules.BRANCHES}*"), timeout_s=LIST_S)


def push(clone: Clone) -> Command:
    """Send the own branch, forward only."""
    return git(clone, "push", "--porcelain", "--no-verify", HUB, f"{clone.own}:{clone.own}")


def indexed(clone: Clone) -> Command:
    """List the paths of the index, NUL after each."""
    return git(clone, "ls-files", "-z", env=OFFLINE)


def stage(clone: Clone, paths: Iterable[str]) -> Command:
    """Make the index say what lies in papers/ at these paths; nothing can hide behind an ignore file."""
    return git(clone, "update-index", "-z", "--add", "--remove", "--stdin", stdin=_listed(paths))


def unstage(clone: Clone, paths: Iterable[str]) -> Command:
    """Take paths out of the index, whatever lies there."""
    return git(clone, "update-index", "-z", "--force-remove", "--stdin", stdin=_listed(paths))


def _listed(paths: Iterable[str]) -> bytes:
    return b"".join(os.fsencode(path) + b"\0" for path in paths)


def write_tree(clone: Clone) -> Command:
    """Write the index as a tree object."""
    return git(clone, "write-tree")


def staged(clone: Clone, since: str | None) -> Command:
    """What the index would change, in the form of rules.changes; `since` None means a first commit."""
    raw = ("--cached", "--raw", "--no-renames", "--no-abbrev", "-z")
    return git(clone, "diff-index", *raw, since or EMPTY_TREE)


def commit(clone: Clone, summary: str, at: datetime, signing: Sequence[str] = UNSIGNED) -> Command:
    """Commit the index to the own branch. signing: the verb and how it signs (commit_key.Signing.words)."""
    words = (*signing, "--quiet", "--no-verify", "--cleanup=verbatim", "--file=-")
    return git(clone, *words, stdin=_message(clone, summary), env=_committer(clone, at))


def commit_repair(
    clone: Clone, tree_oid: str, foreign: ForeignRange, summary: str, at: datetime, signing: Sequence[str] = UNSIGNED
) -> Command:
    """Make a repair's commit behind what it passes over, and print its name; no branch moves. signing: as `commit`."""
    *settings, _, how = signing
    words = (*settings, "commit-tree", how, "-p", foreign.last, tree_oid)
    return git(clone, *words, stdin=_message(clone, summary, foreign.line), env=_committer(clone, at))


def _message(clone: Clone, summary: str, *trailers: str) -> bytes:
    line = " ".join("".join(c if c.isprintable() else " " for c in summary).split())[:200] or "papers"
    last = "\n".join((*trailers, rules.trailer(clone.host)))
    return f"{clone.host}: {line}\n\n{last}\n".encode("utf-8", "replace")


def _committer(clone: Clone, at: datetime) -> dict[str, str]:
    who, date = rules.email(clone.host), f"@{max(0, int(at.timestamp()))} +0000"  # git knows no time before 1970
    people = {
        f"GIT_{role}_{part}": value
        for role in ("AUTHOR", "COMMITTER")
        for part, value in (("NAME", clone.host), ("EMAIL", who), ("DATE", date))
    }
    # git lets ssh-keygen read and write beside TMPDIR; what a killed one leaves there is swept
    return {**people, "TMPDIR": str(clone.repository)}


def commit_named(clone: Clone, begun: str) -> Command:
    """Print the one commit whose name begins like this; exit status 1 or 128: there is none, or there are several."""
    return git(clone, "rev-parse", "--verify", "--quiet", f"{begun}^{{commit}}", env=OFFLINE)


def committed_at(clone: Clone, commit_oid: str) -> Command:
    """Print when a commit was made: seconds since 1970, by the clock of whoever made it."""
    return git(clone, "log", "-1", "--format=%ct", commit_oid, env=OFFLINE)


def keep_blob(clone: Clone, content: bytes) -> Command:
    """Write an object, and print its name."""
    return git(clone, "hash-object", "-w", "--stdin", stdin=content)


def stage_blob(clone: Clone, path: str, oid: str) -> Command:
    """Let the index say that an object lies at a path."""
    return git(clone, "update-index", "--add", "--cacheinfo", f"100644,{oid},{path}")


def merge_base(clone: Clone, ours: str, theirs: str) -> Command:
    """Print the newest commit on which both stand; exit status 1: there is none."""
    return git(clone, "merge-base", ours, theirs, env=OFFLINE)


def tips(clone: Clone) -> Command:
    """Every ref of the clone: `<oid> <ref>` lines."""
    return git(clone, "for-each-ref", "--format=%(objectname) %(refname)", env=OFFLINE)


def revisions(clone: Clone, old: str, new: str) -> Command:
    """List the commits of `new` that are not of `old` (empty: all), the oldest first."""
    return git(clone, "rev-list", "--reverse", "--topo-order", new, *([f"^{old}"] if old else []), env=OFFLINE)


def is_ancestor(clone: Clone, older: str, newer: str) -> Command:
    """Exit status 0: `newer` stands on `older`; 1: it does not."""
    return git(clone, "merge-base", "--is-ancestor", older, newer)


def set_ref(clone: Clone, ref: str, oid: str) -> Command:
    """Move or make a ref."""
    return git(clone, "update-ref", ref, oid)


def drop_ref(clone: Clone, ref: str) -> Command:
    """Remove a ref."""
    return git(clone, "update-ref", "-d", ref)


def tree(clone: Clone, at: str, below: str = "") -> Command:
    """List files, NUL after each `<mode> blob <oid> TAB <path>`; `below` a folder or one file."""
    return git(clone, "ls-tree", "-r", "-z", at, *((below,) if below else ()), env=OFFLINE)


def additions(clone: Clone, at: str, below: str) -> Command:
    """List the paths of the files that came below a folder, oldest first, NUL after each."""
    words = ("log", "--reverse", "--topo-order", "--diff-filter=A", "--no-renames", "--name-only", "--format=", "-z")
    return git(clone, *words, at, "--", below, env=OFFLINE)


def bundle(clone: Clone, into: Path) -> Command:
    """Write every host's branch as last heard into one file that git can fetch from."""
    return git(clone, "bundle", "create", "--quiet", str(into), f"--glob={INCOMING}*", env=OFFLINE)


def unbundle(hub: str, bundle: str) -> tuple[str, ...]:
    """The words by which a hub's own git takes branches from such a file; forward only, like every push."""
    return ("git", f"--git-dir={hub}", "fetch", "--no-tags", bundle, f"{INCOMING}*:{rules.BRANCHES}*")


def contents(clone: Clone, oids: Iterable[str]) -> Command:
    """Read objects, all in one go."""
    return git(clone, "cat-file", "--batch", stdin="".join(f"{oid}\n" for oid in oids).encode(), env=OFFLINE)
