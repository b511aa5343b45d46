"""What the chores over hosts share: which fleet, which hosts, and how results and errors are shown."""

from __future__ import annotations

import contextlib
import functools
import json
import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from sage_edge import hints
from sage_edge.cli import render
from sage_edge.cli.environment import paths, tell
from sage_edge.deploy import fleet_runner
from sage_edge.deploy.fleet_runner import HostResult
from sage_edge.errors import SageError, UsageError
from sage_edge.inventory import load
from sage_edge.inventory.fleet import Fleet
from sage_edge.names import HostName
from sage_edge.remote.board.client import BoardClient, BoardView
from sage_edge.remote.board.early_probe import Early
from sage_edge.remote.ssh import config as addresses
from sage_edge.remote.ssh.client import Remote, connect

if TYPE_CHECKING:
    from sage_edge.deploy.checkout import Checkout
    from sage_edge.workstation.knocking import Knocks

T = TypeVar("T")


@dataclass(frozen=True)
class Desk:
    """The workstation: a checkout and the fleet that was asked for. knocks: boards that are being reached already."""

    root: Path
    fleet: Fleet
    knocks: Knocks | None = None

    @functools.cached_property
    def checkout(self) -> Checkout:
        """What releases are made of here; a desk lives for one command."""
        from sage_edge.deploy.checkout import Checkout

        return Checkout(self.root, self.fleet)

    def chosen(self, host: str, role: str, everyone: bool) -> list[HostName]:
        """The hosts that a person named by `--host`, `--role` or `--all`. Raises UsageError."""
        return fleet_runner.chosen(self.fleet, host or None, role or None, everyone)

    @contextlib.contextmanager
    def seen(self, host: HostName) -> Iterator[BoardView]:
        """Connect to a host that is only to be looked at: nothing in here can write."""
        with self._reached(host) as (remote, early):
            yield BoardView(remote, early=early)

    @contextlib.contextmanager
    def board(self, host: HostName) -> Iterator[BoardClient]:
        """Connect to a host for the body."""
        with self._reached(host) as (remote, early):
            yield BoardClient(remote, telling(host), early)

    @contextlib.contextmanager
    def _reached(self, host: HostName) -> Iterator[tuple[Remote, Early | None]]:
        with self.naming():
            if self.knocks and (door := self.knocks.door(self.addresses, host)):
                with door.entered() as found:
                    yield found
            else:
                with connect(self.addresses, host) as remote:
                    yield remote, None

    @property
    def addresses(self) -> Path:
        """The folder with ssh_config and known_hosts. Raises UsageError where stand-ins were never made."""
        if self.fleet.overlay == "sim" and not (self.fleet.addresses / addresses.CONFIG).is_file():
            raise UsageError("no stand-in boards are there", hint="invoke sim.up")
        return self.fleet.addresses

    def demand_apart(self) -> None:
        """Raise DeclarationError when two hosts of the fleet, asked for or not, have one address."""
        with self.naming():
            addresses.require_distinct(self.addresses, [host.name for host in self.fleet.hosts.values()])

    @contextlib.contextmanager
    def naming(self) -> Iterator[None]:
        """Let an error of the body speak of our overlay's machines, as `overlaid` does."""
        try:
            yield
        except SageError as told:
            told.message, told.hint = self.overlaid(told.message), self.overlaid(self.next_step(told.hint))
            raise

    def next_step(self, hint: hints.Hint) -> str:
        """Return a next step as somebody types it over this fleet."""
        return hints.text(hint, hints.Surroundings(overlay=self.fleet.overlay))

    def overlaid(self, text: str) -> str:
        """Return a text whose chores and files are those of our overlay; else a next step leads to other machines."""
        if self.fleet.overlay is None:
            return text
        text = _OVER_HOSTS.sub(rf"\g<0> --fleet {self.fleet.overlay}", text)
        return _OF_FLEET.sub(lambda found: os.path.relpath(self.fleet.addresses / found[1]), text)


_OVER_HOSTS = re.compile(r"invoke [a-z.]+ --host [A-Za-z0-9-]+(?![A-Za-z0-9-]| --fleet)")
"""A chore over a host that a person is told to type."""

_OF_FLEET = re.compile(rf"(?<![\w/])fleet/({addresses.CONFIG}|{addresses.KEYS})")


def desk(overlay: str | None, knocks: Knocks | None = None) -> Desk:
    """Return the desk over this checkout, with an overlay laid over its fleet. Raises UsageError, DeclarationError."""
    folder = paths().fleet
    if overlay and overlay not in (known := load.overlays(folder)):
        raise UsageError(
            f"no overlay named {overlay!r}; there are: {', '.join(known) or 'none'}",
            hint=f"see what they are for: grep ^summary {os.path.relpath(folder)}/overlays/*.yaml",
        )
    return Desk(folder.resolve().parent, load.load(folder, overlay or None), knocks)


def for_each(
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
        told = [_document(one) for one in results]
        click.echo(json.dumps({"schema": schema, "content": told}, ensure_ascii=False, indent=1))
    else:
        for one in results:
            _show(one, line, alone=len(results) == 1)
    return fleet_runner.worst([one.code for one in results])


def _document(one: HostResult[T]) -> dict[str, object]:
    if one.error is not None:
        return {
            "host": one.host,
            "ok": False,
            "error": one.error.message,
            "hint": hints.text(one.error.hint),
            "code": one.error.code,
        }
    value = one.value
    told = vars(value) if hasattr(value, "__dict__") else {"value": value}
    return {"host": one.host, "ok": True, **json.loads(json.dumps(told, default=str))}


def _show(one: HostResult[T], line: Callable[[T], str], *, alone: bool) -> None:
    if one.error is not None:
        if alone:
            raise one.error
        click.echo(f"{one.host:<12} {click.style('failed', fg='red')}: {render.inert(one.error.message)}")
        if one.error.hint:
            click.echo(f"{'':<12}   next: {render.inert(hints.text(one.error.hint))}")
    elif one.value is not None:
        text = line(one.value).splitlines() or [""]
        click.echo("\n".join([f"{one.host:<12} {render.inert(text[0])}", *map(_plain, text[1:])]))


def _plain(line: str) -> str:
    indent = len(line) - len(line.lstrip(" "))
    return " " * indent + render.inert(line.strip())


def telling(host: str) -> Callable[[str], None]:
    """Return a voice for progress that names the host."""
    return lambda text: tell(f"{host:<12} {text}")
