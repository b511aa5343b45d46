"""What the tasks over hosts share: which fleet, which hosts, and how results and errors are shown."""

from __future__ import annotations

import contextlib
import functools
import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from sage_edge import hints, sanitize
from sage_edge.cli import render
from sage_edge.cli.environment import log_of
from sage_edge.deploy import fleet_runner
from sage_edge.deploy.fleet_runner import HostResult
from sage_edge.errors import SageError, UsageError
from sage_edge.hints import Surroundings
from sage_edge.inventory import load
from sage_edge.inventory.fleet import Fleet
from sage_edge.names import HostName
from sage_edge.paths import Paths
from sage_edge.remote.board.client import BoardClient, BoardView
from sage_edge.remote.ssh import config as addresses
from sage_edge.remote.ssh.client import connect

if TYPE_CHECKING:
    from sage_edge.deploy.checkout import Checkout
    from sage_edge.workstation.early_connection import EarlyConnections

T = TypeVar("T")
CHECKOUT = Path(__file__).parents[2]


@dataclass(frozen=True)
class FleetContext:
    """A checkout and the fleet that was asked for. early: boards that are being reached already."""

    root: Path
    fleet: Fleet
    early: EarlyConnections | None = None

    @functools.cached_property
    def checkout(self) -> Checkout:
        """What releases are made of here; a context lives for one command."""
        from sage_edge.deploy.checkout import Checkout

        return Checkout(self.root, self.fleet)

    @property
    def surroundings(self) -> Surroundings:
        """What turns next steps into commands over this fleet."""
        return render.surroundings(self.fleet.overlay, self.fleet.addresses)

    def chosen(self, host: str, role: str, everyone: bool) -> list[HostName]:
        """The hosts that a person named by `--host`, `--role` or `--all`. Raises UsageError."""
        return fleet_runner.chosen(self.fleet, host or None, role or None, everyone)

    @contextlib.contextmanager
    def seen(self, host: HostName) -> Iterator[BoardView]:
        """Connect to a host that is only to be looked at: nothing in here can write."""
        with connect(self.addresses, host) as remote:
            yield BoardView(remote)

    @contextlib.contextmanager
    def board(self, host: HostName) -> Iterator[BoardClient]:
        """Connect to a host for the body, or take the connection that was begun early."""
        if self.early and (begun := self.early.take(self.addresses, host)):
            with begun.entered() as board:
                yield board
        else:
            with connect(self.addresses, host) as remote:
                yield BoardClient(remote, log_of(host))

    @property
    def addresses(self) -> Path:
        """The folder with ssh_config and known_hosts. Raises UsageError where stand-ins were never made."""
        if self.fleet.overlay == "sim" and not (self.fleet.addresses / addresses.CONFIG).is_file():
            raise UsageError("no stand-in boards are there", hint=hints.invoke("sim.up"))
        return self.fleet.addresses

    def require_distinct(self) -> None:
        """Raise DeclarationError when two hosts of the fleet, asked for or not, have one address."""
        addresses.require_distinct(self.addresses, [host.name for host in self.fleet.hosts.values()])


def paths() -> Paths:
    """The paths that the environment names; without a fleet here or above, those of this checkout."""
    try:
        return Paths.from_env(os.environ, Path.cwd())
    except UsageError:
        if os.environ.get("SAGE_FLEET"):
            raise
        return Paths.from_env({**os.environ, "SAGE_FLEET": str(CHECKOUT / "fleet")}, Path.cwd())


def root() -> Path:
    """The checkout whose fleet is meant."""
    return paths().fleet.resolve().parent


def surroundings(overlay: str | None) -> Surroundings:
    """What turns next steps into commands over this fleet, whether its declarations hold or not."""
    try:
        return make_context(overlay).surroundings
    except SageError:
        return render.surroundings(overlay)


def make_context(
    overlay: str | None, early: EarlyConnections | None = None, *, strangers: bool = False
) -> FleetContext:
    """Return this checkout with an overlay laid over its fleet. early: as FleetContext; strangers: as `load.load`.

    Raises UsageError, DeclarationError.
    """
    folder = paths().fleet
    if overlay and overlay not in (known := load.overlays(folder)):
        raise UsageError(
            f"no overlay named {overlay!r}; there are: {', '.join(known) or 'none'}",
            hint=f"see what they are for: grep ^summary {os.path.relpath(folder)}/overlays/*.yaml",
        )
    return FleetContext(folder.resolve().parent, load.load(folder, overlay or None, strangers=strangers), early)


def for_each(
    here: FleetContext,
    hosts: Sequence[HostName],
    do: Callable[[HostName], T],
    line: Callable[[T], str],
    *,
    as_json: bool,
    schema: str,
    meanwhile: Callable[[], object] | None = None,
) -> int:
    """Do something for every host, print a line for each as it stands at the end, and return the worst exit code.

    meanwhile: done here while the hosts are waited for.
    """
    results = fleet_runner.over(hosts, do, meanwhile)
    if as_json:
        render.document(schema, [_document(result, here.surroundings) for result in results])
    else:
        for result in results:
            _show(result, line, here.surroundings, alone=len(results) == 1)
    return fleet_runner.worst([result.code for result in results])


def failure(result: HostResult[T], where: Surroundings) -> dict[str, object]:
    """What a JSON document says of the error of a host."""
    if result.error is None:
        return {"host": result.host, "ok": False}
    hint = hints.text(result.error.hint, where)
    return {
        "host": result.host,
        "ok": False,
        "error": result.error.message,
        "hint": hint,
        "code": result.error.code,
    }


def _document(result: HostResult[T], where: Surroundings) -> dict[str, object]:
    if result.error is not None:
        return failure(result, where)
    value = result.value
    fields = vars(value) if hasattr(value, "__dict__") else {"value": value}
    return {"host": result.host, "ok": True, **json.loads(json.dumps(fields, default=str))}


def _show(result: HostResult[T], line: Callable[[T], str], where: Surroundings, *, alone: bool) -> None:
    if result.error is not None:
        if alone:
            raise result.error
        render.failed(result.host, result.error, where)
    elif result.value is not None:
        lines = line(result.value).splitlines() or [""]
        click.echo("\n".join([f"{result.host:<12} {sanitize.terminal(lines[0])}", *map(_indented, lines[1:])]))


def _indented(line: str) -> str:
    indent = len(line) - len(line.lstrip(" "))
    return " " * indent + sanitize.terminal(line.strip())
