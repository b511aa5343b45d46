"""Every way in which a board's sshd does not let us in: the message names the side, and file or key."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from sage_edge import hints
from sage_edge.errors import SageError, Unreachable
from sage_edge.names import HostName
from sage_edge.paths import shown
from sage_edge.remote.errors import AccessDenied, KeyRevoked
from sage_edge.remote.ssh.client import connect
from tests.deploy import boards
from tests.deploy.boards import Board, needs_ssh

pytestmark = [needs_ssh, pytest.mark.slow]
SPROUT = HostName("sprout")


@dataclass(frozen=True)
class Desk:
    """fleet: its folder. keys: a folder with private keys that a test may spoil; `id` opens the board."""

    fleet: Path
    keys: Path
    board: Board

    def says(self, old: str, new: str) -> None:
        path = self.fleet / "ssh_config"
        path.write_text(path.read_text().replace(old, new))


@pytest.fixture
def desk(tmp_path: Path, running_sprout: Board, identity: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    keys = tmp_path / "keys"
    keys.mkdir()
    for name in ("id", "id.pub"):
        shutil.copy(identity.with_name(f"{identity.name}{name[2:]}"), keys / name)
    return Desk(boards.fleet(tmp_path / "fleet", (running_sprout,), keys / "id"), keys, running_sprout)


def _locked(desk: Desk) -> None:
    subprocess.run(("ssh-keygen", "-q", "-p", "-P", "", "-N", "secret", "-f", desk.keys / "id"), check=True)


def _public_half(desk: Desk) -> None:
    desk.says('/id"', '/id.pub"')
    (desk.keys / "id.pub").chmod(0o600)


def _open_to_all(desk: Desk) -> None:
    (desk.keys / "id").chmod(0o644)


def _absent(desk: Desk) -> None:
    desk.says('/id"', '/absent"')


def _garbage(desk: Desk) -> None:
    (desk.keys / "id").write_text("garbage\n")
    (desk.keys / "id.pub").unlink()


def _other_user(desk: Desk) -> None:
    path = desk.fleet / "ssh_config"
    path.write_text("User nobody-here\n" + path.read_text())


def _no_algorithm(desk: Desk) -> None:
    path = desk.fleet / "ssh_config"
    path.write_text("KexAlgorithms diffie-hellman-group1-sha1\n" + path.read_text())


def _many(desk: Desk) -> None:
    lines = ""
    for number in range(7):
        boards.keygen(desk.keys / f"many{number}")
        lines += f'IdentityFile "{desk.keys}/many{number}"\n'
    path = desk.fleet / "ssh_config"
    path.write_text(lines + path.read_text())


def _revoked(desk: Desk) -> None:
    path = desk.fleet / "known_hosts"
    path.write_text(path.read_text() + f"@revoked sprout {desk.board.public_key}\n")


def _no_name(desk: Desk) -> None:
    desk.says("HostName 127.0.0.1", "HostName no-board.invalid")


@pytest.mark.parametrize(
    ("change", "kind", "says", "step"),
    [
        (_locked, AccessDenied, "takes this host's key {keys}/id, but nobody is here", "ssh-add {keys}/id"),
        (_public_half, AccessDenied, "cannot use its key {keys}/id.pub", "must be the private half"),
        (_open_to_all, AccessDenied, "cannot use its key {keys}/id for sprout", "chmod 600 {keys}/id"),
        (_garbage, AccessDenied, "cannot use its key {keys}/id for sprout", "must be the private half"),
        (_absent, AccessDenied, "no key to offer to sprout", "name this host's key in {fleet}/ssh_config"),
        (
            _other_user,
            AccessDenied,
            "opens its account nobody-here to none of this host's keys: {keys}/id ED",
            "account",
        ),
        (_no_algorithm, AccessDenied, "have no algorithm in common: Unable to negotiate", "KexAlgorithms"),
        (_many, AccessDenied, "hung up after 6 keys of this host: {keys}/many0 ED", "IdentitiesOnly"),
        (_revoked, KeyRevoked, "which {fleet}/known_hosts marks as revoked", "may stand between"),
        (_no_name, Unreachable, "no-board.invalid", "does this host's DNS work"),
    ],
)
def test_the_side_that_spoke_is_named(
    change: Callable[[Desk], None], kind: type[SageError], says: str, step: str, desk: Desk
) -> None:
    change(desk)
    with pytest.raises(kind) as caught, connect(desk.fleet, SPROUT):
        pass
    error, named = caught.value, {"keys": desk.keys, "fleet": shown(desk.fleet)}
    assert type(error) is kind
    assert says.format(**named) in error.message
    assert step.format(**named) in hints.text(error.hint)


@contextlib.contextmanager
def _agent(folder: Path, *options: str, key: Path) -> Iterator[Path]:
    """An ssh-agent that holds a key, which is no file any more."""
    place = folder / "agent"
    agent = subprocess.Popen(("ssh-agent", "-D", "-a", place), stdout=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 10
        while not place.exists() and time.monotonic() < until:
            time.sleep(0.02)
        env = {**os.environ, "SSH_AUTH_SOCK": str(place)}
        subprocess.run(("ssh-add", "-q", *options, key), check=True, env=env)
        yield place
    finally:
        agent.terminate()
        agent.wait()


@pytest.mark.parametrize("named", ["id", "id.pub", "locked"])
@pytest.mark.parametrize("by", ["variable", "config"])
def test_a_key_in_the_agent_is_used_where_its_other_half_is_named(
    named: str, by: str, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(desk.keys / "id", desk.keys / "locked")
    subprocess.run(("ssh-keygen", "-q", "-p", "-P", "", "-N", "secret", "-f", desk.keys / "locked"), check=True)
    with _agent(desk.keys, key=desk.keys / "id") as place:
        (desk.keys / "id").unlink()
        desk.says('/id"', f'/{named}"')
        if by == "variable":
            monkeypatch.setenv("SSH_AUTH_SOCK", str(place))
        else:
            desk.says("IdentitiesOnly yes", f'IdentitiesOnly yes\n  IdentityAgent "{place}"')
        with connect(desk.fleet, SPROUT) as remote:
            assert remote.run("echo in").text == "in"
        desk.says(f'/{named}"', '/another"')  # the agent's key belongs to no identity that is named
        with pytest.raises(AccessDenied, match="no key to offer"), connect(desk.fleet, SPROUT):
            pass
        desk.says("IdentitiesOnly yes", "IdentitiesOnly no")
        with connect(desk.fleet, SPROUT) as remote:
            assert remote.run("echo in").text == "in"


def test_an_agent_that_does_not_sign(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    with _agent(desk.keys, "-c", key=desk.keys / "id") as place:  # asks for each use; nobody is there to answer
        (desk.keys / "id").unlink()
        monkeypatch.setenv("SSH_AUTH_SOCK", str(place))
        with pytest.raises(AccessDenied, match="the ssh-agent of this host does not sign"), connect(desk.fleet, SPROUT):
            pass


def test_a_host_with_two_addresses_is_reached_by_the_one_that_answers(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = socket.getaddrinfo("127.0.0.1", desk.board.port, 0, socket.SOCK_STREAM)
    dead = [(family, kind, protocol, name, ("127.0.0.2", 1)) for family, kind, protocol, name, _ in real]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_: [*dead, *real])
    with connect(desk.fleet, SPROUT) as remote:
        assert remote.run("echo in").text == "in"
