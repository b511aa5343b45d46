"""Boards that a person named are reached and probed while declarations and code are still being loaded here.

A deploy that finds nothing to do is half waiting for boards, half loading. A board is reached as always, by ssh_config
and the pinned keys of known_hosts, and is asked the one question that changes nothing. What it answers is looked at
when all declarations were read and checked, and only where they lead to the same addresses. Nothing is refused here:
whatever is wrong is found again, and told, by whoever reads the declarations.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, wait
from pathlib import Path

from sage_edge.cli.environment import log_of
from sage_edge.declared import yaml_text
from sage_edge.errors import SageError
from sage_edge.names import HostName
from sage_edge.paths import Paths
from sage_edge.remote.board.client import BoardClient
from sage_edge.remote.ssh import cancellation, client, handshake

MOST = 10
"""So many at once, as `fleet_runner.AT_ONCE`."""


class EarlyConnection:
    """One board that is being reached and probed, in a thread that nobody waits for at the end."""

    def __init__(self, addresses: Path, host: HostName) -> None:
        self._open = contextlib.ExitStack()
        self._board: Future[BoardClient] = Future()
        threading.Thread(target=self._reach, args=(addresses, host), daemon=True).start()

    def _reach(self, addresses: Path, host: HostName) -> None:
        try:
            board = BoardClient(self._open.enter_context(client.connect(addresses, host)), log_of(host))
            board.ask_early()
            self._board.set_result(board)
        except BaseException as failed:
            self._board.set_exception(failed)

    @contextlib.contextmanager
    def entered(self) -> Iterator[BoardClient]:
        """Wait for the board, and keep its connection for the body. Raises what `connect` and `ask_early` raise."""
        with self._open:
            while not wait([self._board], cancellation.LOOK_S).done:
                cancellation.check_cancelled()
            yield self._board.result()


class EarlyConnections:
    """Boards that were reached by one folder of addresses; each connection is entered once."""

    def __init__(self, addresses: Path, hosts: Sequence[HostName]) -> None:
        handshake.load()  # before the threads, which would only wait for each other
        self._addresses = addresses.absolute()
        self._begun = {host: EarlyConnection(addresses, host) for host in hosts}

    def take(self, addresses: Path, host: HostName) -> EarlyConnection | None:
        """Return a host's connection, if these addresses led to it and nobody has taken it."""
        return self._begun.pop(host, None) if addresses.absolute() == self._addresses else None


def begin(hosts: str, overlay: str) -> EarlyConnections | None:
    """Reach the hosts of `--host a,b` under an overlay; None where the words do not say which, or where they are."""
    with contextlib.suppress(SageError, ValueError, OSError, AttributeError):
        names = dict.fromkeys(HostName(name.strip()) for name in hosts.split(",") if name.strip())
        return EarlyConnections(_addresses(overlay), list(names)[:MOST]) if names else None
    return None


def _addresses(overlay: str) -> Path:
    """Where ssh_config and known_hosts lie as the files say that nobody has checked yet."""
    fleet = Paths.from_env(os.environ, Path.cwd()).fleet
    if not overlay:
        return fleet
    text = (fleet / "overlays" / f"{overlay}.yaml").read_text("utf-8")
    place = yaml_text.load(text).get("addresses")
    return fleet.absolute().parent / place if place else fleet
