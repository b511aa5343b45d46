"""Fetch all host branches from the hub and verify their new commits.

refs/incoming follows the hub, whatever it says; refs/verified/<host> moves only after every new commit was checked.
A branch that breaks a rule is named and left where it was last good: its readers see nothing of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sage_edge import shell
from sage_edge.exchange import commands, git_errors, papers, repository, restore, rules
from sage_edge.exchange.branch_reader import git_of, here, tips
from sage_edge.exchange.commands import INCOMING, VERIFIED, Clone
from sage_edge.exchange.errors import OwnBranchBroken, Unsound
from sage_edge.names import HostName, Slug
from sage_edge.records.worklog import Quarantine


@dataclass(frozen=True)
class Received:
    """What a look at the hub brought. `heard`: it holds any branch at all; `updated`: whose papers became more."""

    heard: bool
    quarantined: tuple[Quarantine, ...]
    updated: tuple[HostName, ...]


def receive(clone: Clone, folders: rules.Folders) -> Received:
    """Fetch all host branches, verify new commits, and return whose papers became more and who is quarantined.

    Raises Unreachable, HubRefused, OwnBranchBroken, StorageError. The others are settled before a break of the own
    branch is raised.
    """
    unsound = _fetch(clone, folders)
    refs = tips(clone)
    updated, quarantined = _verify(clone, folders, refs)
    unsound_hosts = {quarantine.host for quarantine in unsound}
    known = tuple(quarantine for quarantine in quarantined if quarantine.host not in unsound_hosts)
    _settle_own(clone, folders, refs)
    heard = any(ref.startswith(INCOMING) for ref in refs)
    return Received(heard=heard, quarantined=(*known, *unsound), updated=updated)


def quarantined(clone: Clone, folders: rules.Folders) -> tuple[Quarantine, ...]:
    """Judge again what was last heard, without the hub."""
    return _verify(clone, folders, tips(clone))[1]


def _verify(
    clone: Clone, folders: rules.Folders, refs: dict[str, str]
) -> tuple[tuple[HostName, ...], tuple[Quarantine, ...]]:
    updated: list[HostName] = []
    broken: list[Quarantine] = []
    for host, trusted, claimed in _moved(refs, clone.host):
        breaches = rules.inspect(git_of(clone), host, folders, trusted, claimed)
        if breaches:
            broken.append(_quarantine(host, breaches[0], trusted))
        elif claimed:
            here(clone, commands.set_ref(clone, VERIFIED + host, claimed))
            updated.append(HostName(host))
    return tuple(updated), tuple(broken)


def _moved(refs: dict[str, str], own: str) -> Iterator[tuple[str, str | None, str | None]]:
    """Each other host whose branch is not where it was: host, trusted tip, claimed tip."""
    hosts = {ref[len(prefix) :] for prefix in (INCOMING, VERIFIED) for ref in refs if ref.startswith(prefix)}
    for host in sorted(hosts - {own}):
        trusted, claimed = refs.get(VERIFIED + host), refs.get(INCOMING + host)
        if trusted != claimed:
            yield host, trusted, claimed


def _quarantine(host: str, breach: rules.Breach, trusted: str | None) -> Quarantine:
    # a branch that nobody declared may have any name
    name = host if host.isascii() and host.isprintable() else rules.shown(host)
    return Quarantine(host=name, commit=breach.commit, rule=Slug(breach.rule), detail=breach.detail, trusted=trusted)


def _fetch(clone: Clone, folders: rules.Folders) -> tuple[Quarantine, ...]:
    result = shell.attempt(commands.fetch(clone))
    if result.code == 0:
        return ()
    failure = git_errors.failed_fetch(clone, result)
    if isinstance(failure, Unsound):
        return tuple(_fetch_apart(clone, folders))
    raise failure


def _fetch_apart(clone: Clone, folders: rules.Folders) -> Iterator[Quarantine]:
    """Fetch the declared hosts one by one, so that one host's unsound objects do not silence the others."""
    listed = shell.attempt(commands.list_hub(clone))
    if listed.code != 0:
        raise git_errors.failed_fetch(clone, listed)
    trusted = tips(clone)
    for line in listed.text.splitlines():
        oid, _, ref = line.partition("\t")
        host = ref[len(rules.BRANCHES) :]
        if host not in folders:
            continue
        result = shell.attempt(commands.fetch(clone, host))
        failure = git_errors.failed_fetch(clone, result) if result.code else None
        if isinstance(failure, Unsound):
            yield Quarantine(
                host=host,
                commit=oid,
                rule=Slug("unsound"),
                detail=rules.shown(failure.message),
                trusted=trusted.get(VERIFIED + host),
            )
        elif failure:
            raise failure


def _settle_own(clone: Clone, folders: rules.Folders, refs: dict[str, str]) -> None:
    ours, theirs = refs.get(clone.own), refs.get(INCOMING + clone.host)
    if theirs and not ours:
        breaches = rules.inspect(git_of(clone), clone.host, folders, None, theirs)
        if breaches:
            raise _broken(clone, f"{breaches[0].rule}: {breaches[0].detail} (commit {theirs[:12]})")
        with papers.writing(clone.papers, clone.locks):
            restore.restore(clone, theirs)
    elif theirs and ours and not _stands_on(clone, theirs, ours):
        raise _broken(clone, f"it holds {theirs[:12]}, which this host did not write")
    repository.note_known(clone)


def _stands_on(clone: Clone, older: str, newer: str) -> bool:
    command = commands.is_ancestor(clone, older, newer)
    result = shell.attempt(command)
    if result.code not in (0, 1):
        raise git_errors.failed_here(clone, command, result)
    return result.code == 0


def _broken(clone: Clone, why: str) -> OwnBranchBroken:
    return OwnBranchBroken(
        f"the hub's host/{clone.host} is not our branch: {why}",
        hint=f"another machine writes as {clone.host}, or this state was put back from a backup: then move "
        f"{clone.repository} away, keep {clone.papers}, and receive again",
    )
