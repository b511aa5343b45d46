"""Getting to a host with testinfra: one ssh connection for all questions, or whatever address testinfra knows."""

from __future__ import annotations

import contextlib
import json
import shlex
import subprocess
import tempfile
import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path

import testinfra
from testinfra.host import Host

from sage_edge.cli.environment import paths
from sage_edge.deploy import checked_board
from sage_edge.inventory.board_card import Board
from sage_edge.names import HostName
from sage_edge.remote.board import helper_zipapp, probe
from sage_edge.remote.board.probe import BoardProbe
from sage_edge.remote.errors import UnreadableProbe
from sage_edge.remote.ssh import client, config, second_look
from sage_edge.verify import board_checks
from sage_edge.verify.board.facts import BoardCase
from sage_edge.workstation import context

IDLE_S = 60
"""How long an ssh connection that was left behind stays open."""


@dataclass(frozen=True)
class Reached:
    """A host under examination. card: of the board that it must be; facts_root: where its board facts lie."""

    host: Host
    card: Board
    cases: tuple[BoardCase, ...]


def reached(board: str, overlay: str, via: str) -> Generator[Reached, None, None]:
    """Yield one host, and close the way to it afterwards. via: testinfra's address of it; empty: ssh, one connection.

    Raises what keeps us from it: UsageError, DeclarationError, KeyUnknown, KeyChanged, AccessDenied, Unreachable.
    """
    here = context.make_context(overlay)
    name, card = here.fleet.host(board).name, here.fleet.board_of(board)
    with contextlib.ExitStack() as open_ways:
        if via.startswith("ssh://"):  # a connection for each question, and no key but the fleet's
            host = _as_root(via, ssh_extra_args=shlex.join(config.ssh(here.fleet.addresses)[1:]))
        elif via:
            host = _as_root(via)
        else:
            extra = open_ways.enter_context(one_connection(here.fleet.addresses, name))
            host = _as_root(f"ssh://{name}", ssh_extra_args=extra)
        cases: tuple[BoardCase, ...] = (checked_board.without_probe(name),)
        if (seen := _asked(host, name)) is not None:
            cases = board_checks.cases(checked_board.target(here.root, paths().models, here.fleet, seen))
        yield Reached(host, card, cases)


def _as_root(address: str, **options: str) -> Host:
    """The host behind one of testinfra's addresses; through sudo, unless root comes in."""
    host = testinfra.get_host(address, **options)
    return host if host.check_output("id -u") == "0" else testinfra.get_host(address, **options, sudo=True)


def _asked(host: Host, name: HostName) -> BoardProbe | None:
    """What the helper says, None when that is nothing that can be read: then its absence is what is found."""
    before = time.time()
    ran = host.run(f"{shlex.join(helper_zipapp.CALL)} probe </dev/null")
    try:
        return probe.parse(name, json.loads(ran.stdout)["result"], (before + time.time()) / 2)
    except (ValueError, KeyError, TypeError, UnreadableProbe):
        return None


@contextlib.contextmanager
def one_connection(fleet: Path, name: HostName) -> Iterator[str]:
    """Open one connection with the fleet's keys alone, for all of testinfra's; yields ssh's words for using it.

    fleet: the folder with ssh_config and known_hosts. Raises KeyUnknown, KeyChanged, AccessDenied, Unreachable.
    """
    with tempfile.TemporaryDirectory(prefix="sage-ssh-") as folder:
        words = shared(fleet, Path(folder) / "%C")
        tried = _quietly((*words, "-o", "ControlMaster=yes", "-o", f"ControlPersist={IDLE_S}", name, "true"), folder)
        if tried:
            with client.connect(fleet, name):  # says why, in words of ours
                raise second_look.unreachable(config.find(fleet, name), tried)
        try:
            yield shlex.join((*words[1:], "-o", "ControlMaster=no"))
        finally:
            _quietly((*words, "-O", "exit", name), folder)


def shared(fleet: Path, socket: Path) -> tuple[str, ...]:
    """Return the words of an ssh that trusts the fleet's keys alone, as `addresses.ssh`, with a connection to share."""
    strict = config.ssh(fleet)
    pairs = zip(strict[3::2], strict[4::2], strict=True)
    kept = [word for pair in pairs if not pair[1].startswith("Control") for word in pair]
    return (*strict[:3], *kept, "-o", f"ControlPath={socket}")


def _quietly(words: tuple[str, ...], folder: str) -> str:
    """Run ssh and return what it complained of, empty when nothing. Its background process holds no pipe of ours."""
    with (Path(folder) / "said").open("w+b") as said:
        ran = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=said, check=False)
        said.seek(0)
        return "" if ran.returncode == 0 else said.read().decode("utf-8", "replace").strip() or f"exit {ran.returncode}"
