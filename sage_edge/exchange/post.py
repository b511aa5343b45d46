"""One host's access to the exchange: keep papers, publish them, receive those of others.

Writing is local and durable at once. Publishing and receiving talk to the hub, one at a time per machine. A clone that
git cannot work with is made anew on the way: what it was made of lies in papers/ and on the hub.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from sage_edge import files, locks
from sage_edge.clock import Clock
from sage_edge.errors import CommandFailed, HubRefused, Unreachable
from sage_edge.exchange import (
    branch_reader,
    clone_upkeep,
    commands,
    heard,
    own_branch,
    papers,
    repository,
    rules,
    trusts,
)
from sage_edge.exchange import publish as publishing
from sage_edge.exchange import receive as receiving
from sage_edge.exchange.commands import Clone
from sage_edge.exchange.commit_key import Signing
from sage_edge.exchange.errors import CloneDamaged, ForeignCommits
from sage_edge.exchange.mender import Mender
from sage_edge.exchange.own_branch import Repaired, Whose
from sage_edge.exchange.publish import Published
from sage_edge.exchange.receive import Received
from sage_edge.hints import sage
from sage_edge.inventory.errors import RoleError
from sage_edge.names import HostName
from sage_edge.records import paper_paths
from sage_edge.records.base import Record, parse
from sage_edge.records.worklog import BranchTrust, Quarantine, Status, WorklogLine

__all__ = ["Post", "Published", "Received", "Sender", "Signing"]

_LOCK_WAIT_S = 30.0
_LONGEST_PAUSE_S = 60.0

T = TypeVar("T")


@dataclass(frozen=True)
class Sender:
    """Who posts, and what everybody may: every declared host → the top folders below which it may add papers.

    signing: whose signatures count, and the sender's own key.
    """

    host: HostName
    folders: Mapping[str, frozenset[str]]
    signing: Signing = field(default_factory=Signing)

    @property
    def writable(self) -> frozenset[str]:
        """The sender's own folders."""
        return self.folders.get(self.host, frozenset())


class Post:
    """The exchange as one host sees it. `remote`: any address that git can fetch from and push to. ssh: as of Clone."""

    def __init__(
        self,
        papers: Path,
        repository: Path,
        locks: Path,
        remote: str,
        sender: Sender,
        clock: Clock,
        *,
        ssh: str = "",
    ) -> None:
        self._clone = Clone(sender.host, repository, papers, locks, remote, ssh)
        self._sender, self._clock = sender, clock
        self._mender = Mender(self._clone)

    def open(self) -> None:
        """Make or repair the clone. Needs no hub; may be called at any time. Raises Locked, StorageError."""
        with self._exchange():
            pass

    def put(self, paper: Record) -> Path:
        """Keep an immutable paper, and return where. The same content may come again.

        Raises RoleError if this host's role may not write it, OwnBranchBroken if another paper lies there,
        StorageError.
        """
        place = paper_paths.of(paper)
        if place.partition("/")[0] not in self._sender.writable:
            own = ", ".join(sorted(self._sender.writable)) or "no papers"
            raise RoleError(
                f"{self._sender.host} may not write {place}",
                hint=(f"its role writes {own}; see: ", sage("fleet show")),
            )
        path = self._clone.papers / place
        with papers.writing(self._clone.papers, self._clone.locks):
            papers.create(path, paper)
        return path

    def log(self, line: WorklogLine) -> None:
        """Add a line to the worklog of its month; it is on disk when this returns."""
        with papers.writing(self._clone.papers, self._clone.locks):
            papers.append(self._clone.papers / paper_paths.of_worklog(line.at), line)

    def set_status(self, status: Status) -> None:
        """Replace the status page."""
        with papers.writing(self._clone.papers, self._clone.locks):
            papers.replace(self._clone.papers / paper_paths.STATUS, status)

    def set_overview(self, markdown: str) -> None:
        """Replace the page for people that is made of the theories. Raises RoleError where there are none."""
        if rules.OVERVIEW_OF not in self._sender.writable:
            raise RoleError(f"{self._sender.host} may not write {rules.OVERVIEW}", hint=("see: ", sage("fleet show")))
        with papers.writing(self._clone.papers, self._clone.locks):
            files.write_atomic(self._clone.papers / rules.OVERVIEW, markdown.encode("utf-8"))

    def receive(self) -> Received:
        """Fetch and verify every host's branch; take the own one back if this machine has lost it.

        Raises Unreachable, HubRefused, OwnBranchBroken, SignaturesUnchecked, StorageError, Locked.
        """
        with self._exchange():
            try:
                received = self._mender.mended(self._receive)
            except ForeignCommits:  # on our own branch; those of the others are settled
                self._note_heard()
                raise
            self._note_heard()
        return received

    def _note_heard(self) -> None:
        heard.note(self._clone, branch_reader.verified(self._clone), self._clock.now())

    def unmoved(self) -> Mapping[str, datetime]:
        """Return host → since when, by this machine's clock, nothing new of it could be read; needs no hub."""
        return {host: known.at for host, known in heard.since(self._clone).items()}

    def trust(self, host: str, commit: str, because: str) -> tuple[BranchTrust, tuple[Quarantine, ...]]:
        """Believe a quarantined branch up to a commit, and keep why; return that, and what it breaks behind that.

        commit: its name or the beginning of one, as the quarantine names it. Needs no hub. Raises NotTrustable.
        """
        folders, signing = self._sender.folders, self._sender.signing
        with self._exchange():
            cases = {case.host: case for case in receiving.quarantined(self._clone, folders, signing)}
            paper = trusts.word(self._clone, cases.get(host), host, commit, because, self._clock.now())
            path = self.put(paper)
            left = receiving.quarantined(self._clone, folders, signing)
        return parse(BranchTrust, path.read_bytes()), tuple(case for case in left if case.host == host)

    def repair(self, because: str, whose: Whose = "") -> Repaired:
        """End that the hub holds, as ours, what this host did not write: one commit behind it, which is pushed.

        whose: what a person says of commits that break no rule. Raises RepairUndecided, and as `receive`, `publish`.
        """
        sender = self._sender
        with self._exchange():
            with contextlib.suppress(ForeignCommits):
                receiving.receive(self._clone, sender.folders, sender.signing)
            seen = own_branch.strange(self._clone, sender.folders, sender.signing)
            if seen is None:
                return Repaired()
            now = self._clock.now()
            done = own_branch.repair(self._clone, sender.folders, sender.signing, seen, because, whose, now)
            publishing.push(self._clone)
        return done

    def quarantined(self) -> tuple[Quarantine, ...]:
        """What was last heard and breaks a rule; needs no hub."""
        with self._exchange():
            return self._mender.mended(
                lambda: receiving.quarantined(self._clone, self._sender.folders, self._sender.signing)
            )

    def publish(
        self, summary: str, *, attempts: int = 4, first_pause_s: float = 1.0, stop: threading.Event | None = None
    ) -> Published:
        """Commit what is new and push what the hub lacks; `stop` ends the pauses between attempts, which double.

        Raises Unreachable when no attempt reached the hub: then everything waits here for the next publish.
        HubRefused, OwnBranchBroken, KeyUnusable, StorageError, Locked.
        """
        patience = _Patience(self._clock, attempts, first_pause_s, stop or threading.Event())
        with self._exchange():
            return self._mender.mended(lambda: self._publish(summary, patience))

    def bundle(self, into: Path) -> bool:
        """Write what was last heard of the hub into a file that git can fetch from; False where that is nothing."""
        with self._exchange():
            if not any(ref.startswith(commands.INCOMING) for ref in branch_reader.tips(self._clone)):
                return False
            branch_reader.here(self._clone, commands.bundle(self._clone, into))
        return True

    def strange(self) -> tuple[str, ...]:
        """What lies among the papers and is none: it is published by nobody. Needs no hub. Raises StorageError."""
        return papers.walk(self._clone.papers).skipped

    def unpublished(self) -> int:
        """How many papers the hub did not have when it was last heard; worklog and status do not count."""
        return self._read(lambda: branch_reader.unpublished(self._clone))

    def read(self, host: HostName, folder: str, only: Collection[str] | None = None) -> branch_reader.Papers:
        """Return (path, content) of every paper below a folder, sorted; of others only what was verified.

        only: those of these paths, where a few of many are wanted.
        """
        return self._read(lambda: branch_reader.read(self._clone, host, folder, only))

    def read_in_order(self, host: HostName, folder: str) -> branch_reader.Papers:
        """Return what `read` returns, in the order in which it was committed."""
        return self._read(lambda: branch_reader.in_order(self._clone, host, folder))

    def names(self, host: HostName, folder: str) -> tuple[str, ...]:
        """Return the paths alone."""
        return self._read(lambda: branch_reader.names(self._clone, host, folder))

    def known(self) -> bool:
        """Whether this clone has ever heard what the hub holds of our branch. Numbers may be given only then."""
        return repository.known(self._clone) or self._clone.own in self._read(lambda: branch_reader.tips(self._clone))

    def take_repairs(self) -> tuple[str, ...]:
        """Return what was damaged and is made anew since this was last asked, in words."""
        return self._mender.take_repairs()

    def _receive(self) -> Received:
        return receiving.receive(self._clone, self._sender.folders, self._sender.signing)

    def _publish(self, summary: str, patience: _Patience) -> Published:
        # a first commit on an unheard hub could contradict what an earlier life of this host has published
        if self._clone.own not in branch_reader.tips(self._clone):
            patience.try_to(self._receive)
        sender, now = self._sender, self._clock.now()
        commit = publishing.record(self._clone, sender.writable, sender.signing, summary, now)
        pushed = patience.try_to(lambda: publishing.push(self._clone))
        return Published(commit, pushed, clone_upkeep.pack(self._clone) if pushed else "")

    def _read(self, read: Callable[[], T]) -> T:
        try:
            return self._mender.read(read)
        except (CloneDamaged, CommandFailed):
            with self._exchange(), contextlib.suppress(Unreachable, HubRefused):
                self._mender.mended(read)
                if self._mender.has_lost:
                    self._receive()
            return self._mender.read(read)

    @contextlib.contextmanager
    def _exchange(self) -> Iterator[None]:
        with locks.hold(self._clone.locks / "exchange.lock", str(self._clone.repository), wait_s=_LOCK_WAIT_S):
            self._mender.make()
            repository.sweep(self._clone)
            yield


@dataclass
class _Patience:
    """Some attempts in all, with pauses that double."""

    clock: Clock
    attempts: int
    pause_s: float
    stop: threading.Event

    def try_to(self, reach: Callable[[], T]) -> T:
        while True:
            self.attempts -= 1
            try:
                return reach()
            except Unreachable:
                if self.attempts <= 0 or self.stop.is_set():
                    raise
                self.clock.wait(self.pause_s, self.stop)
                if self.stop.is_set():
                    raise
                self.pause_s = min(2 * self.pause_s, _LONGEST_PAUSE_S)
