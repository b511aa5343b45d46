"""A post without git for tests that take thousands of wakes: own papers are real files, a peer's are handed in."""

from __future__ import annotations

import threading
from collections.abc import Collection
from pathlib import Path

from sage_edge.exchange.post import Post, Published, Received, Sender
from sage_edge.names import HostName
from sage_edge.records import paper_paths
from sage_edge.records.base import Record
from tests.fakes import Home


class NearPost(Post):
    """What a host keeps is read from its folder; what a peer published is in `peer` once it is received."""

    def __init__(self, home: Home, papers: Path, sent: dict[str, bytes]) -> None:
        paths = home.paths
        folders: dict[str, frozenset[str]] = {
            HostName("sprout"): frozenset({"sessions", "decisions"}),
            HostName("thor"): frozenset(paper_paths.WRITERS),
        }
        super().__init__(papers, paths.exchange, paths.locks, "", Sender(HostName(home.host), folders), home.clock)
        self._papers, self._sent = papers, sent
        self.peer: dict[str, bytes] = {}

    def open(self) -> None:
        """Nothing to make."""
        self._papers.mkdir(parents=True, exist_ok=True)

    def receive(self) -> Received:
        self.peer = dict(self._sent)
        return Received(heard=True, quarantined=(), updated=())

    def publish(
        self, summary: str, *, attempts: int = 4, first_pause_s: float = 1.0, stop: threading.Event | None = None
    ) -> Published:
        return Published(commit=None, pushed=True)

    def known(self) -> bool:
        return True

    def unpublished(self) -> int:
        return 0

    def read(self, host: HostName, folder: str, only: Collection[str] | None = None) -> tuple[tuple[str, bytes], ...]:
        if host == self._sender.host:
            files = sorted((self._papers / folder).rglob("*.json"))
            held = [(path.relative_to(self._papers).as_posix(), path.read_bytes()) for path in files]
        else:
            held = [(path, data) for path, data in sorted(self.peer.items()) if path.startswith(f"{folder}/")]
        return tuple((path, data) for path, data in held if only is None or path in only)

    def read_in_order(self, host: HostName, folder: str) -> tuple[tuple[str, bytes], ...]:
        return self.read(host, folder)

    def names(self, host: HostName, folder: str) -> tuple[str, ...]:
        return tuple(path for path, _ in self.read(host, folder))


def sent(paper: Record) -> dict[str, bytes]:
    """A paper as its author publishes it."""
    return {paper_paths.of(paper): paper.pretty()}
