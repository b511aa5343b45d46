"""Rules for commits on a host's branch. One file for both ends: receivers import it, the hub's hook is made of it.

Standard library only, Python 3.9 or later, no import from this package: `hub_program` packs this source for the hub.

    undeclared-host     the fleet knows no such host
    removed-branch      a branch that was there is gone
    rewritten           the old tip is not below the new one
    not-a-commit        the branch points at something else
    merge               a commit with two parents or more
    foreign-author      author or committer is not <host>@sage-edge.invalid
    foreign-trailer     the message does not end with `Sage-Host: <host>`
    odd-path            not plain ASCII names of letters, digits, dot, dash; or a paper that is no .json
    foreign-path        outside the folders that the host's role may write
    removed             a paper, a worklog or a page was taken away
    not-a-plain-file    symbolic link, executable, submodule
    oversize            larger than 4 MB
    immutable           a paper was changed
    worklog             lines were changed or taken away instead of added

`repairs` has two more, `inspection` holds a branch against all of them, `signatures` says by whose key it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

LIMIT_BYTES = 4_000_000
BRANCHES = "refs/heads/host/"
STATUS = "status.json"
OVERVIEW = "LATEST_STATUS.md"
OVERVIEW_OF = "theories"
"""Who may add papers below this folder may replace the page that is made of them."""
REPLACED = frozenset({STATUS, OVERVIEW})
WORKLOG = "worklog"

HOST = re.compile(r"(?=.{1,32}\Z)[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
_PATH = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}(?:/[A-Za-z0-9][A-Za-z0-9._-]{0,99}){0,5}")
_PERSON = re.compile(rb"(author|committer) [^<>]*<([^<>]*)> \d+ [+-]\d{4}")
_PLAIN = "100644"
_PIECE_BYTES = 16_000_000

Folders = Mapping[str, frozenset[str]]
Git = Callable[[Sequence[str], bytes], bytes]
"""Runs git with some words and input; returns its output, raises if it fails."""


@dataclass(frozen=True)
class BranchChange:
    """One path in one commit. `status` is A, M, D or T; `grew`: the old content is the beginning of the new one."""

    path: str
    status: str
    mode: str
    size_bytes: int = 0
    grew: bool = True
    old: str = ""
    new: str = ""


@dataclass(frozen=True)
class Revision:
    """One commit: who says to have made it, and on top of what."""

    commit: str
    parents: tuple[str, ...]
    authors: tuple[str, ...]
    message: str


@dataclass(frozen=True)
class Breach:
    """One broken rule."""

    commit: str
    rule: str
    detail: str


def email(host: str) -> str:
    """The address that stands on a host's commits; it can never receive anything (RFC 2606)."""
    return f"{host}@sage-edge.invalid"


def trailer(host: str) -> str:
    """The last line of a host's commit messages."""
    return f"Sage-Host: {host}"


def shown(text: str) -> str:
    """Foreign text for a report: printable ASCII, cut after 120 characters."""
    plain = ascii(text)
    return plain if len(plain) <= 120 else plain[:117] + "..."


# --- pure: what the rules say ---------------------------------------------------------------------------------------


def breach_of_revision(host: str, revision: Revision) -> Breach | None:
    """Return the rule that a commit's own words break, if any."""
    if len(revision.parents) > 1:
        return Breach(revision.commit, "merge", f"{len(revision.parents)} parents")
    strangers = [who for who in revision.authors if who != email(host)]
    if strangers or len(revision.authors) != 2:
        who = shown(strangers[0]) if strangers else "it does not say who made it"
        return Breach(revision.commit, "foreign-author", who)
    lines = revision.message.rstrip("\n").split("\n")
    trailers = [line for line in lines if line.lower().startswith("sage-host:")]
    if trailers != [trailer(host)] or lines[-1] != trailer(host):
        last = shown(trailers[0]) if trailers else f"its message does not end with {trailer(host)}"
        return Breach(revision.commit, "foreign-trailer", last)
    return None


def breach_of_change(writable: Iterable[str], commit: str, change: BranchChange) -> Breach | None:
    """Return the rule that a change breaks, if any. `writable`: the top folders of the host's immutable papers."""
    rule = _broken(frozenset(writable), change)
    return Breach(commit, rule, shown(change.path)) if rule else None


def _broken(writable: frozenset[str], change: BranchChange) -> str:
    if not _PATH.fullmatch(change.path):
        return "odd-path"
    top, _, below = change.path.partition("/")
    kept = top in writable and bool(below)
    logged = top == WORKLOG and bool(below)
    replaced = change.path == STATUS or (change.path == OVERVIEW and OVERVIEW_OF in writable)
    if not (kept or logged or replaced):
        return "foreign-path"
    if change.status == "D":
        return "removed"
    if change.mode != _PLAIN:
        return "not-a-plain-file"
    if change.size_bytes > LIMIT_BYTES:
        return "oversize"
    if kept and change.status != "A":
        return "immutable"
    if (kept and not below.endswith(".json")) or (logged and not below.endswith(".jsonl")):
        return "odd-path"
    return "worklog" if logged and not change.grew else ""


# --- reading: what a branch did -------------------------------------------------------------------------------------


def revisions(git: Git, old: str | None, new: str) -> list[Revision]:
    """Return the commits of `new` that are not of `old`, the oldest first."""
    listed = git(["rev-list", "--reverse", "--topo-order", new] + (["^" + old] if old else []), b"").split()
    answer = git(["cat-file", "--batch"], b"".join(oid + b"\n" for oid in listed))
    return [revision(oid, body) for oid, body in objects(answer)]


def revision(oid: str, body: bytes) -> Revision:
    """Return a commit, given its object."""
    head, _, message = body.partition(b"\n\n")
    lines = head.split(b"\n")
    people = [match for match in map(_PERSON.fullmatch, lines) if match]
    return Revision(
        commit=oid,
        parents=tuple(line[7:].decode("ascii", "replace") for line in lines if line.startswith(b"parent ")),
        authors=tuple(match.group(2).decode("utf-8", "replace") for match in people),
        message=message.decode("utf-8", "replace"),
    )


def diff_of_commits(git: Git, commits: Sequence[str]) -> bytes:
    """What each commit changed, as git prints it: `<commit> NUL (:modes oids status NUL path NUL)*`."""
    words = ["diff-tree", "--stdin", "-r", "--root", "--no-renames", "--raw", "--no-abbrev", "-z"]
    return git(words, "".join(commit + "\n" for commit in commits).encode())


def changes(git: Git, diff: bytes) -> list[tuple[str, list[BranchChange]]]:
    """Return commit and changes for each part of such a diff, with sizes and growth looked up."""
    parts = _parse(diff)
    every = [change for _, listed in parts for change in listed]
    sizes = _sizes(git, [change.new for change in every if change.status != "D"])
    stale = _not_grown(git, every, sizes)
    return [(commit, [_measured(change, sizes, stale) for change in listed]) for commit, listed in parts]


def _measured(change: BranchChange, sizes: Mapping[str, int], stale: frozenset[tuple[str, str]]) -> BranchChange:
    size, grew = sizes.get(change.new, 0), (change.old, change.new) not in stale
    return BranchChange(change.path, change.status, change.mode, size, grew, change.old, change.new)


def _parse(diff: bytes) -> list[tuple[str, list[BranchChange]]]:
    parts: list[tuple[str, list[BranchChange]]] = []
    fields = iter(diff.split(b"\0"))
    for field in fields:
        if field.startswith(b":"):
            _, mode, old, new, status = field.decode("ascii").split(" ")
            path = next(fields).decode("utf-8", "backslashreplace")
            parts[-1][1].append(BranchChange(path, status[:1], mode, old=old, new=new))
        elif field:
            parts.append((field.decode("ascii"), []))
    return parts


def _sizes(git: Git, oids: Sequence[str]) -> dict[str, int]:
    asked = "".join(oid + "\n" for oid in dict.fromkeys(oids)).encode()
    answer = git(["cat-file", "--batch-check=%(objectname) %(objectsize)"], asked) if asked else b""
    pairs = [line.split(" ") for line in answer.decode("ascii").splitlines()]
    return {oid: int(size) for oid, size in pairs if size != "missing"}


def _not_grown(git: Git, every: Sequence[BranchChange], sizes: Mapping[str, int]) -> frozenset[tuple[str, str]]:
    """The pairs (old, new) of worklogs that lost something."""
    pairs = dict.fromkeys((c.old, c.new) for c in every if c.status in "MT" and c.path.startswith(WORKLOG + "/"))
    small = [pair for pair in pairs if sizes.get(pair[1], LIMIT_BYTES + 1) <= LIMIT_BYTES]
    stale = set(pairs) - set(small)
    for piece in _pieces(small, sizes):
        oids = dict.fromkeys(oid for pair in piece for oid in pair)
        bodies = dict(objects(git(["cat-file", "--batch"], "".join(oid + "\n" for oid in oids).encode())))
        stale |= {(old, new) for old, new in piece if not bodies[new].startswith(bodies[old])}
    return frozenset(stale)


def _pieces(pairs: Sequence[tuple[str, str]], sizes: Mapping[str, int]) -> Iterator[list[tuple[str, str]]]:
    piece: list[tuple[str, str]] = []
    total = 0
    for pair in pairs:
        piece.append(pair)
        total += 2 * sizes[pair[1]]
        if total > _PIECE_BYTES:
            yield piece
            piece, total = [], 0
    if piece:
        yield piece


class ObjectMissing(Exception):
    """git knows the name of an object, and does not have it."""


def objects(answer: bytes) -> Iterator[tuple[str, bytes]]:
    """Return name and content of each `<oid> <kind> <size> LF <body> LF` that `cat-file --batch` printed.

    Raises ObjectMissing.
    """
    at = 0
    while at < len(answer):
        end = answer.index(b"\n", at)
        oid, *about = answer[at:end].decode("ascii").split(" ")
        if len(about) != 2:
            raise ObjectMissing(f"{oid} is not there")
        size = about[1]
        at = end + 1 + int(size) + 1
        yield oid, answer[end + 1 : at - 1]
