"""Boards that a person named are knocked at while the rest of a chore is still being loaded.

Half of a short chore is waiting for a board, the other half is loading declarations and code here. A knock connects as
every connection does, to hosts whose keys are known, and asks the one question that changes nothing; whether its answer
is wanted is decided when all declarations were read and checked. Without a name, or with a faulty one, nobody knocks.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, wait
from pathlib import Path

from sage_edge.errors import SageError
from sage_edge.names import HostName
from sage_edge.paths import Paths
from sage_edge.remote.board.early_probe import Early, probe
from sage_edge.remote.ssh import cancellation, client
from sage_edge.remote.ssh.client import Remote, connect

MOST = 10
"""So many at once, as in deploy.many."""


class Door:
    """One board: a connection that is being made, and what the board then says of itself."""

    def __init__(self, addresses: Path, host: HostName) -> None:
        self._open = contextlib.ExitStack()
        self._answer: Future[tuple[Remote, Early]] = Future()
        threading.Thread(target=self._knock, args=(addresses, host), daemon=True).start()

    def _knock(self, addresses: Path, host: HostName) -> None:
        try:
            remote = self._open.enter_context(connect(addresses, host))
            self._answer.set_result((remote, probe(remote)))
        except BaseException as failed:
            self._answer.set_exception(failed)

    @contextlib.contextmanager
    def entered(self) -> Iterator[tuple[Remote, Early]]:
        """Wait for the board, and keep the connection for the body. Raises what `connect` and `Remote.run` raise."""
        with self._open:
            while not wait([self._answer], cancellation.LOOK_S).done:
                cancellation.check_cancelled()
            yield self._answer.result()


class Knocks:
    """The doors that were knocked at, each to be entered once. addresses: the folder that led there."""

    def __init__(self, addresses: Path, hosts: Sequence[HostName]) -> None:
        self._addresses = addresses.absolute()
        client.load()  # here, where nothing else is being loaded yet
        self._doors = {host: Door(addresses, host) for host in hosts}

    def door(self, addresses: Path, host: HostName) -> Door | None:
        """Return a host's door, if it was found by these addresses and nobody has entered yet."""
        return self._doors.pop(host, None) if addresses.absolute() == self._addresses else None


def at(hosts: str, overlay: str) -> Knocks | None:
    """Knock at the hosts of `--host a,b` under an overlay. Never raises: who has to say what is wrong comes later."""
    with contextlib.suppress(SageError, ValueError, OSError):
        names = [HostName(name.strip()) for name in hosts.split(",") if name.strip()]
        if 0 < len(names) <= MOST:
            return Knocks(_addresses(Paths.from_env(os.environ, Path.cwd()).fleet, overlay), names)
    return None


def _addresses(fleet: Path, overlay: str) -> Path:
    """Where the overlay says that ssh_config and known_hosts lie, before it was checked."""
    if not overlay:
        return fleet
    lines = (fleet / "overlays" / f"{overlay}.yaml").read_text("utf-8").splitlines()
    named = (
        line.removeprefix("addresses:").partition("#")[0].strip() for line in lines if line.startswith("addresses:")
    )
    place = next(named, None)
    return fleet.absolute().parent / place if place else fleet
