"""Fetch all host branches from the hub and verify their new commits.

refs/incoming follows the hub, whatever it says; refs/verified/<host> moves only after every new commit was checked.
A branch that breaks a rule is named and left where it was last good: its readers see nothing of it. Where a key was
withdrawn, that may be further back than before.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sage_edge import shell
from sage_edge.errors import SageError
from sage_edge.exchange import (
    commands,
    git_errors,
    inspection,
    own_branch,
    papers,
    repository,
    restore,
    rules,
    signatures,
    trusts,
)
from sage_edge.exchange.branch_reader import git_of, here, tips
from sage_edge.exchange.commands import INCOMING, VERIFIED, Clone
from sage_edge.exchange.commit_key import Signing
from sage_edge.exchange.errors import Unsound
from sage_edge.inventory.signers import Signer
from sage_edge.names import HostName, Slug
from sage_edge.records.worklog import Quarantine

_LATE = 124
"""How shell.attempt calls what did not end in its time."""


@dataclass(frozen=True)
class Received:
    """What a look at the hub brought. `heard`: it holds any branch at all; `updated`: whose papers became more."""

    heard: bool
    quarantined: tuple[Quarantine, ...]
    updated: tuple[HostName, ...]


def receive(clone: Clone, folders: rules.Folders, signing: Signing) -> Received:
    """Fetch all host branches, verify new commits, and return whose papers became more and who is quarantined.

    Raises Unreachable, HubRefused, OwnBranchBroken, SignaturesUnchecked, StorageError. The others are settled before a
    break of the own branch is raised.
    """
    unsound = _fetch(clone, folders)
    refs = tips(clone)
    updated, quarantined = _verify(clone, folders, signing, refs)
    unsound_hosts = {quarantine.host for quarantine in unsound}
    known = tuple(quarantine for quarantine in quarantined if quarantine.host not in unsound_hosts)
    _settle_own(clone, folders, signing, refs)
    heard = any(ref.startswith(INCOMING) for ref in refs)
    return Received(heard=heard, quarantined=(*known, *unsound), updated=updated)


def quarantined(clone: Clone, folders: rules.Folders, signing: Signing) -> tuple[Quarantine, ...]:
    """Judge again what was last heard, without the hub."""
    return _verify(clone, folders, signing, tips(clone))[1]


def _verify(
    clone: Clone, folders: rules.Folders, signing: Signing, refs: dict[str, str]
) -> tuple[tuple[HostName, ...], tuple[Quarantine, ...]]:
    updated: list[HostName] = []
    broken: list[Quarantine] = []
    for host, believed, claimed in _others(refs, clone.host):
        keys = signing.of(host)
        trusted = _still_trusted(clone, host, keys, believed)
        if trusted == claimed and signatures.is_checked(clone, host, keys, claimed):
            continue
        answered = trusts.newest(clone, host, claimed)
        if (further := trusts.further(clone, trusted, answered)) and further != trusted:
            here(clone, commands.set_ref(clone, VERIFIED + host, further))
            trusted = further
        breach = _breach(clone, folders, keys, host, trusted, claimed, answered)
        if breach:
            broken.append(_quarantine(host, breach, trusted))
        elif claimed:
            here(clone, commands.set_ref(clone, VERIFIED + host, claimed))
            updated.append(HostName(host))
    return tuple(updated), tuple(broken)


def _others(refs: dict[str, str], own: str) -> Iterator[tuple[str, str | None, str | None]]:
    """Each other host: its name, trusted tip, claimed tip."""
    hosts = {ref[len(prefix) :] for prefix in (INCOMING, VERIFIED) for ref in refs if ref.startswith(prefix)}
    for host in sorted(hosts - {own}):
        yield host, refs.get(VERIFIED + host), refs.get(INCOMING + host)


def _still_trusted(clone: Clone, host: str, keys: Sequence[Signer], trusted: str | None) -> str | None:
    """Return how far a branch may be believed under today's keys; moves back what was believed under others."""
    if trusted is None or signatures.is_checked(clone, host, keys, trusted):
        return trusted
    verdict = signatures.judge(clone, host, keys, trusted, believed=trusts.newest(clone, host, trusted))
    signatures.remember(clone, host, verdict)
    if verdict.good == trusted:
        return trusted
    ref = VERIFIED + host
    here(clone, commands.set_ref(clone, ref, verdict.good) if verdict.good else commands.drop_ref(clone, ref))
    return verdict.good


def _breach(
    clone: Clone,
    folders: rules.Folders,
    keys: Sequence[Signer],
    host: str,
    trusted: str | None,
    claimed: str | None,
    answered: str | None,
) -> rules.Breach | None:
    """Return the first rule that a branch breaks by what is new on it; what it did before, then who signed it.

    answered: the commit up to which a person believes it.
    """
    breaches = (
        []
        if claimed and claimed in (answered, trusted)
        else inspection.inspect(git_of(clone), host, folders, trusted, claimed)
    )
    if breaches or claimed is None:
        return breaches[0] if breaches else None
    verdict = signatures.judge(clone, host, keys, claimed, since=trusted, believed=answered)
    signatures.remember(clone, host, verdict)
    return verdict.breach


def _quarantine(host: str, breach: rules.Breach, trusted: str | None) -> Quarantine:
    # a branch that nobody declared may have any name
    name = host if host.isascii() and host.isprintable() else rules.shown(host)
    return Quarantine(host=name, commit=breach.commit, rule=Slug(breach.rule), detail=breach.detail, trusted=trusted)


def _fetch(clone: Clone, folders: rules.Folders) -> tuple[Quarantine, ...]:
    result = shell.attempt(commands.fetch(clone))
    if result.code == 0:
        return ()
    failure = git_errors.failed_fetch(clone, result)
    repository.sweep(clone)  # what a fetch that was ended has begun may be large
    if isinstance(failure, Unsound) or result.code == _LATE:
        return _fetch_apart(clone, folders)
    raise failure


def _fetch_apart(clone: Clone, folders: rules.Folders) -> tuple[Quarantine, ...]:
    """Fetch the declared hosts one by one, so that what one host sent does not silence the others.

    A hub that brings no branch to its end is what is slow, and not the hosts.
    """
    listed = shell.attempt(commands.list_hub(clone))
    if listed.code != 0:
        raise git_errors.failed_fetch(clone, listed)
    trusted, came = tips(clone), False
    refused: list[tuple[str, str, SageError]] = []
    for line in listed.text.splitlines():
        oid, _, ref = line.partition("\t")
        host = ref[len(rules.BRANCHES) :]
        if host not in folders:
            continue
        result = shell.attempt(commands.fetch(clone, host))
        if result.code == 0:
            came = True
            continue
        failure = git_errors.failed_fetch(clone, result)
        repository.sweep(clone)
        if not isinstance(failure, Unsound) and result.code != _LATE:
            raise failure
        refused.append((host, oid, failure))
    slow = [failure for _, _, failure in refused if not isinstance(failure, Unsound)]
    if slow and not came:
        raise slow[0]
    return tuple(
        Quarantine(
            host=host,
            commit=oid,
            rule=Slug("unsound"),
            detail=rules.shown(failure.message.removeprefix(f"{clone.remote} does not answer: ")),
            trusted=trusted.get(VERIFIED + host),
        )
        for host, oid, failure in refused
    )


def _settle_own(clone: Clone, folders: rules.Folders, signing: Signing, refs: dict[str, str]) -> None:
    seen = own_branch.strange(clone, folders, signing)
    if seen:
        own_branch.keep_aside(clone, seen.tip)
        raise seen.error(clone.host)
    ours, theirs = refs.get(clone.own), refs.get(INCOMING + clone.host)
    if theirs and not ours:
        with papers.writing(clone.papers, clone.locks):
            restore.restore(clone, theirs)
    repository.note_known(clone)
