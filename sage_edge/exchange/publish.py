"""Commit what is new in papers/ and push it to the hub; each step resumes after one that was killed.

Nothing is committed that would break a rule on the other side, so a paper that was edited by hand is found here first.
Nothing to commit and something to push is how an offline host catches up.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from sage_edge import shell
from sage_edge.exchange import commands, git_errors, papers, restore, rules, signatures
from sage_edge.exchange.branch_reader import git_of, here, tips
from sage_edge.exchange.commands import FOREIGN, INCOMING, Clone
from sage_edge.exchange.commit_key import Signing
from sage_edge.exchange.errors import OwnBranchBroken

STATUS_EVERY = timedelta(hours=1)
"""When nothing else happens, a host says no more often than this that it is awake; each commit is kept for ever."""

_COMES_BACK = ("immutable", "removed", "worklog", "not-a-plain-file", "oversize")


@dataclass(frozen=True)
class Published:
    """What a publish did: the commit it made, if there was anything new, and whether it had to push.

    unpacked: why the clone could not be packed where that was due; it only grows.
    """

    commit: str | None
    pushed: bool
    unpacked: str = ""


def record(clone: Clone, writable: frozenset[str], signing: Signing, summary: str, at: datetime) -> str | None:
    """Commit what is new in papers/; return the commit, or None. Raises OwnBranchBroken, KeyUnusable, StorageError."""
    with papers.writing(clone.papers, clone.locks):
        papers.tidy(clone.papers)
        _bring_back_records(clone)
        _drop_withdrawn(clone, signing)
        stage(clone)
        return _commit(clone, writable, signing, summary, at)


def stage(clone: Clone) -> None:
    """Make the index say which plain files lie in papers/, and nothing else. For the holder of papers.lock."""
    plain = papers.walk(clone.papers).plain
    listed = here(clone, commands.indexed(clone)).out.split(b"\0")[:-1]
    # first, because a file may have taken the place of a folder, or a folder that of a file
    if gone := set(map(os.fsdecode, listed)).difference(plain):
        here(clone, commands.unstage(clone, sorted(gone)))
    here(clone, commands.stage(clone, plain))


def _drop_withdrawn(clone: Clone, signing: Signing) -> None:
    """Forget commits that nobody has heard of and nobody would read: their key was withdrawn. papers/ has all of it."""
    refs, keys = tips(clone), signing.of(clone.host)
    ours, heard = refs.get(clone.own), refs.get(INCOMING + clone.host)
    if ours is None or ours == heard or all(key.until is None for key in keys):
        return
    good = signatures.judge(clone, clone.host, keys, ours).good
    if good == ours or (heard and not (good and signatures.is_below(clone, heard, good))):
        return  # what was heard already is not ours alone to take back
    here(clone, commands.set_ref(clone, clone.own, good) if good else commands.drop_ref(clone, clone.own))


def push(clone: Clone) -> bool:
    """Send the own branch if the hub lacks any of it; say whether it did. Raises Unreachable, HubRefused."""
    refs = tips(clone)
    ours = refs.get(clone.own)
    if ours is None or refs.get(INCOMING + clone.host) == ours:
        return False
    result = shell.attempt(commands.push(clone))
    if result.code != 0:
        raise git_errors.failed_push(clone, result)
    return True


def _commit(clone: Clone, writable: frozenset[str], signing: Signing, summary: str, at: datetime) -> str | None:
    tip = tips(clone).get(clone.own)
    diff = here(clone, commands.staged(clone, tip)).out
    if not diff:
        return None
    require_lawful(clone, writable, diff)
    if tip and diff.split(b"\0")[1::2] == [rules.STATUS.encode()] and _is_fresh(clone, tip, at):
        return None
    here(clone, commands.commit(clone, summary, at, signing.words(clone.host)))
    return tips(clone)[clone.own]


def _is_fresh(clone: Clone, tip: str, at: datetime) -> bool:
    """Whether the newest commit is so young that a status by itself can wait; one from the future is not."""
    committed = datetime.fromtimestamp(int(here(clone, commands.committed_at(clone, tip)).text), timezone.utc)
    return timedelta(0) <= at - committed < STATUS_EVERY


def _bring_back_records(clone: Clone) -> None:
    """What a repair that was killed has committed and not yet kept."""
    refs = tips(clone)
    if clone.own in refs and any(ref.startswith(FOREIGN) for ref in refs):
        restore.bring_back_records(clone, refs[clone.own])


def require_lawful(clone: Clone, writable: frozenset[str], diff: bytes) -> None:
    """Raise OwnBranchBroken where a staged change breaks a rule: nobody would accept it."""
    for _, changed in rules.changes(git_of(clone), b"staged\0" + diff):
        for change in changed:
            breach = rules.breach_of_change(writable, "staged", change)
            if breach:
                raise OwnBranchBroken(
                    f"{clone.papers / change.path} breaks the rule '{breach.rule}'; nothing was published",
                    hint=_remedy(clone, breach.rule, change.path),
                )


def _remedy(clone: Clone, rule: str, path: str) -> str:
    file = clone.papers / path
    if rule in _COMES_BACK:
        return f"keep a copy if it matters, then: git --git-dir={clone.repository} show {clone.own}:{path} > {file}"
    return f"it is no paper of this host: move {file} away, then publish again"
