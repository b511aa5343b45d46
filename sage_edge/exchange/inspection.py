"""Hold what is new on a branch against the rules: the same for a receiver, and for the hub's hook.

Part of the hub's program (see hub_program): standard library only, Python 3.9 or later.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from sage_edge.exchange import repairs, rules
from sage_edge.exchange.repairs import Repairs
from sage_edge.exchange.rules import BranchChange, Breach, Folders, Git, Revision, shown

EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"


def inspect(
    git: Git, host: str, folders: Folders, old: str | None, new: str | None, *, may_take_back: bool = False
) -> list[Breach]:
    """Return the rules that `host` breaks by moving its branch from `old` to `new`; empty means none.

    None stands for no branch. Reads only what is new, so the price is that of the new commits.
    may_take_back: a repair may pass over what lies at or below `old`; so for a hub, which believes nothing.
    """
    if not rules.HOST.fullmatch(host) or host not in folders:
        return [Breach(new or old or "", "undeclared-host", shown(host))]
    if new is None:
        return [Breach(old or "", "removed-branch", host)] if old else []
    revisions = rules.revisions(git, old, new)
    if (revisions and revisions[-1].commit != new) or not (revisions or old):
        return [Breach(new, "not-a-commit", shown(host))]
    read = repairs.read(git, revisions, old)
    if _is_rewritten(revisions, read, old):
        return [Breach(new, "rewritten", f"{(old or '')[:12]} is no longer part of it")]
    if read.breach is None:
        return list(_breaches(git, host, folders[host], revisions, read))
    if may_take_back and read.taken_back is not None:
        return inspect(git, host, folders, read.taken_back.good, new)
    return [read.breach]


def _is_rewritten(revisions: Sequence[Revision], read: Repairs, old: str | None) -> bool:
    """Whether a straight line does not stand on the old tip; one that is not straight breaks another rule."""
    if old is None:
        return False
    own = [revision for revision in revisions if revision.commit not in read.passed_over]
    straight = all(len(revision.parents) <= 1 for revision in own)
    return not own or (straight and read.base(own[0]) != old)


def _breaches(
    git: Git, host: str, writable: Iterable[str], revisions: Sequence[Revision], read: Repairs
) -> Iterator[Breach]:
    own = [revision for revision in revisions if revision.commit not in read.passed_over]
    ordinary = [revision.commit for revision in own if revision.commit not in read.ranges]
    diffs = [rules.diff_of_commits(git, ordinary)]
    diffs += [_diff_of_repair(git, commit, foreign.good) for commit, foreign in read.ranges.items()]
    changed = dict(rules.changes(git, b"".join(diffs)))
    for revision in own:
        breach = rules.breach_of_revision(host, revision)
        if breach:
            yield breach
        yield from _breaches_of_changes(git, writable, revision, read, changed.get(revision.commit, []))


def _breaches_of_changes(
    git: Git, writable: Iterable[str], revision: Revision, read: Repairs, changed: Sequence[BranchChange]
) -> Iterator[Breach]:
    foreign = read.ranges.get(revision.commit)
    breach = repairs.breach_of_record(git, revision.commit, foreign, changed) if foreign else None
    if breach:
        yield breach
    for change in changed:
        of_repair = foreign is not None and change.path == foreign.record
        breach = rules.breach_of_change((repairs.FOLDER,) if of_repair else writable, revision.commit, change)
        if breach:
            yield breach


def _diff_of_repair(git: Git, commit: str, good: str | None) -> bytes:
    """What a repair changed against the last good commit, as rules.diff_of_commits has it."""
    words = ["diff-tree", "-r", "--no-renames", "--raw", "--no-abbrev", "-z", good or EMPTY_TREE, commit]
    return commit.encode() + b"\0" + git(words, b"")
