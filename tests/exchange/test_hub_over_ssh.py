"""Every way in which a hub behind a real sshd fails to answer: the message names the side, and file or key."""

from __future__ import annotations

import contextlib
import getpass
import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from sage_edge import hints
from sage_edge.errors import HubRefused, SageError, Unreachable
from sage_edge.exchange import hub
from sage_edge.verify import probes
from tests.deploy import boards
from tests.deploy.boards import Board, needs_ssh

from .world import FOLDERS, SPROUT, World, decision

pytestmark = [needs_ssh, pytest.mark.slow]
_KEYS = ("id", "other", "locked", "shut", "talks", "mute", *(f"many{number}" for number in range(7)))


@dataclass
class Door:
    """A hub's sshd, keys of a host in a folder, and how the host's ssh is told to go there."""

    sshd: Board
    folder: Path
    key: str = "id"
    options: str = ""
    config: str = "none"
    port: int = 0
    host: str = "127.0.0.1"
    user: str = ""
    hub: Path = Path()

    @property
    def known(self) -> Path:
        return self.folder / "known_hosts"

    @property
    def remote(self) -> str:
        return f"ssh://{self.user or getpass.getuser()}@{self.host}:{self.port or self.sshd.port}{self.hub}"

    def pins(self, text: str) -> None:
        """Write known_hosts; {at} is the name under which ssh looks for the hub, {key} its key."""
        self.known.write_text(text.format(at=f"[127.0.0.1]:{self.sshd.port}", key=self.sshd.public_key))

    @property
    def command(self) -> str:
        return (
            f"ssh {self.options} -F {self.config} -i {self.folder / self.key} -o IdentitiesOnly=yes -o BatchMode=yes "
            f"-o StrictHostKeyChecking=yes -o UserKnownHostsFile={self.known} -o GlobalKnownHostsFile=/dev/null "
            "-o ConnectTimeout=3"
        )


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("keys")
    for name in _KEYS:
        boards.keygen(folder / name)
    subprocess.run(("ssh-keygen", "-q", "-p", "-P", "", "-N", "secret", "-f", folder / "locked"), check=True)
    return folder


@pytest.fixture(scope="module")
def sshd(keys: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Board]:
    """Its banner speaks as ssh does: nothing that the other side prints may choose the remedy."""
    folder = tmp_path_factory.mktemp("hub")
    home = folder / "home"
    home.mkdir()
    (folder / "banner").write_text("Permission denied\nHost key verification failed.\nfatal: dubious ownership\n")
    public = {name: (keys / f"{name}.pub").read_text() for name in _KEYS}
    authorized = (
        public["id"]
        + public["locked"]
        + 'command="echo This account is currently not available.; exit 1" '
        + public["shut"]
        + 'command="printf Welcome\\ to\\ the\\ hub; eval $SSH_ORIGINAL_COMMAND" '
        + public["talks"]
        + 'command="true" '
        + public["mute"]
    )
    settings = f"Banner {folder / 'banner'}\n"
    with boards.board("hub", folder, authorized, bare=False, home=home, settings=settings) as one:
        yield one


@pytest.fixture
def door(sshd: Board, keys: Path, tmp_path: Path) -> Door:
    folder = tmp_path / "host"
    shutil.copytree(keys, folder)
    made = Door(sshd, folder, hub=tmp_path / "hub.git")
    hub.init(made.hub, FOLDERS)
    made.pins("{at} {key}\n")
    return made


def _set(**values: object) -> Callable[[Door], None]:
    return lambda door: door.__dict__.update(values)


def _pins(text: str) -> Callable[[Door], None]:
    return lambda door: door.pins(text)


def _pins_another(door: Door) -> None:
    other = (door.folder / "other.pub").read_text()
    door.pins(f"{{at}} {other}")


def _open_to_all(door: Door) -> None:
    (door.folder / "id").chmod(0o644)


def _public_half(door: Door) -> None:
    shutil.copyfile(door.folder / "id.pub", door.folder / "half.pub")
    (door.folder / "half.pub").chmod(0o600)
    door.key = "half.pub"


def _garbage(door: Door) -> None:
    (door.folder / "id").write_text("garbage\n")
    (door.folder / "id.pub").unlink()


def _many(door: Door) -> None:
    door.options = " ".join(f"-i {door.folder / name}" for name in _KEYS if name.startswith("many"))


def _closed_port(door: Door) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        door.port = closed.getsockname()[1]


def _bad_config(door: Door) -> None:
    (door.folder / "config").write_text("Colour blue\n")
    door.config = str(door.folder / "config")


def _of_another(door: Door) -> None:
    git = door.sshd.tools / "git-upload-pack"
    git.write_text('#!/bin/sh\nGIT_TEST_ASSUME_DIFFERENT_OWNER=1 exec /usr/bin/git upload-pack "$@"\n')
    git.chmod(0o755)


def _no_git(door: Door) -> None:
    git = door.sshd.tools / "git-upload-pack"
    git.write_text("#!/bin/sh\nexit 127\n")
    git.chmod(0o755)


def _bashrc(door: Door) -> None:
    (door.sshd.folder / "home" / ".bashrc").write_text("echo 'Welcome to \x1b[31mthe hub'\n")


@contextlib.contextmanager
def _at(door: Door, serve: Callable[[socket.socket], None]) -> Iterator[None]:
    """Something else than an sshd at the hub's address."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        door.port, door.options = listening.getsockname()[1], "-o ConnectTimeout=1"
        thread = threading.Thread(target=_serve, args=(listening, serve), daemon=True)
        thread.start()
        yield


def _serve(listening: socket.socket, serve: Callable[[socket.socket], None]) -> None:
    with contextlib.suppress(OSError):
        while True:
            with listening.accept()[0] as connection:
                serve(connection)


@pytest.mark.parametrize(
    ("serve", "says"),
    [
        (lambda connection: None, "speaks no ssh or hangs up"),
        (lambda connection: connection.sendall(b"HTTP/1.1 400\r\n" * 9000), "speaks no ssh"),
        (lambda connection: time.sleep(4), "listens and says nothing"),
    ],
    ids=("hangs up", "speaks http", "hangs"),
)
def test_what_is_no_sshd_may_pass(
    serve: Callable[[socket.socket], None], says: str, door: Door, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with _at(door, serve):
        monkeypatch.setenv("GIT_SSH_COMMAND", door.command)
        post = world.post(SPROUT, door.remote)
        with pytest.raises(Unreachable) as caught:
            post.receive()
    assert says in hints.text(caught.value.hint)


def test_doctor_says_what_a_wake_says(door: Door, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    door.pins("# none\n")
    monkeypatch.setenv("GIT_SSH_COMMAND", door.command)
    with pytest.raises(HubRefused, match="known_hosts of this host holds no key of") as caught:
        world.post(SPROUT, door.remote).receive()
    refusal = probes.exchange(door.remote, SPROUT).refusal
    assert refusal is not None
    assert (refusal.message, refusal.hint) == (caught.value.message, caught.value.hint)


def test_an_agent_that_does_not_sign(door: Door, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    _public_half(door)
    socket_at = door.folder / "agent"
    agent = subprocess.Popen(("ssh-agent", "-D", "-a", socket_at), stdout=subprocess.DEVNULL)
    try:
        monkeypatch.setenv("SSH_AUTH_SOCK", str(socket_at))
        monkeypatch.setenv("GIT_SSH_COMMAND", door.command)
        until = time.monotonic() + 10
        while not socket_at.exists() and time.monotonic() < until:
            time.sleep(0.02)
        subprocess.run(("ssh-add", "-q", "-c", door.folder / "id"), check=True)  # asks for each use; nobody answers
        with pytest.raises(HubRefused, match="the ssh-agent of this host does not sign") as caught:
            world.post(SPROUT, door.remote).receive()
    finally:
        agent.terminate()
        agent.wait()
    assert "ssh-add -l" in hints.text(caught.value.hint)


_WITHOUT_RIGHTS = "setpriv --bounding-set -all" if os.geteuid() == 0 else "env --"
"""Root as anybody else: what may not be written is not written."""


@pytest.mark.parametrize(
    ("there", "says", "step"),
    [
        ("ulimit -f 0; trap '' XFSZ; exec git receive-pack", "File too large", "free some room"),
        (f"exec {_WITHOUT_RIGHTS} git receive-pack", "unable to create temporary", "chown -R ACCOUNT FOLDER"),
        ("echo no writing >&2; exit 3; :", "does not run git: it ends with 3 and says: ", "login shell"),
    ],
)
def test_a_hub_that_may_be_read_and_not_written(
    there: str, says: str, step: str, door: Door, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = door.sshd.tools / "git-receive-pack"
    program.write_text(f'#!/bin/sh\n{there} "$@"\n')
    objects = door.hub / "objects"
    objects.chmod(0o555 if _WITHOUT_RIGHTS in there else 0o755)
    program.chmod(0o755)
    monkeypatch.setenv("GIT_SSH_COMMAND", door.command)
    try:
        post = world.post(SPROUT, door.remote)
        post.put(decision())
        with pytest.raises(HubRefused) as caught:
            post.publish("one")
    finally:
        program.unlink()
        objects.chmod(0o755)
    assert says in caught.value.message
    assert step in hints.text(caught.value.hint)
    assert post.publish("again").pushed


@dataclass(frozen=True)
class Case:
    name: str
    change: Callable[[Door], None]
    kind: type[SageError]
    says: str
    step: str


CASES = (
    Case("key unknown", _pins("# none\n"), HubRefused, "known_hosts of this host holds no key of", "add its line to"),
    Case("key changed", _pins_another, HubRefused, "/known_hosts:1 of this host pins another; nothing", "replace the"),
    Case(
        "key revoked", _pins("@revoked {at} {key}\n{at} {key}\n"), HubRefused, "marks as revoked", "renew the key there"
    ),
    Case(
        "key for all to read",
        _open_to_all,
        HubRefused,
        "cannot use its key {folder}/id for the hub: ",
        "chmod 600 {folder}/id",
    ),
    Case(
        "the public half",
        _public_half,
        HubRefused,
        "cannot use its key {folder}/half.pub for the hub: ",
        "the private half",
    ),
    Case("no key at all", _garbage, HubRefused, "cannot use its key {folder}/id for the hub: ", "the private half"),
    Case(
        "passphrase", _set(key="locked"), HubRefused, "takes this host's key {folder}/locked, but", "ssh-add {folder}/l"
    ),
    Case("no key", _set(key="absent"), HubRefused, "has no key to offer", "add its .pub to the account"),
    Case(
        "not let in",
        _set(key="other"),
        HubRefused,
        "to none of this host's keys: {folder}/other ED25519",
        "its key there",
    ),
    Case(
        "wrong user", _set(user="nobody-here"), HubRefused, "opens its account nobody-here to none", "mend the account"
    ),
    Case(
        "too many keys", _many, HubRefused, "hung up after 6 keys of this host: {folder}/many0 ED", "IdentitiesOnly=yes"
    ),
    Case(
        "no algorithm",
        _set(options="-o KexAlgorithms=diffie-hellman-group1-sha1"),
        HubRefused,
        "no algorithm in common",
        "renew the older",
    ),
    Case(
        "bad config",
        _bad_config,
        HubRefused,
        "its own configuration: {folder}/config: line 1: Bad",
        "mend {folder}/config",
    ),
    Case("closed port", _closed_port, Unreachable, "Connection refused", "nothing is lost"),
    Case("no such name", _set(host="no-hub.invalid"), Unreachable, "Could not resolve hostname", "nothing is lost"),
    Case("no shell", _set(key="shut"), HubRefused, "ends with 1 and says: This account is", "login shell"),
    Case("mute", _set(key="mute"), HubRefused, "does not run git: it ends with 0", "login shell"),
    Case("talks", _set(key="talks"), HubRefused, "prints before git can answer sprout: Welcome to the hub", ".bashrc"),
    Case("talks in .bashrc", _bashrc, HubRefused, "answer sprout: Welcome to \\x1b[31mthe hub", ".bashrc"),
    Case(
        "no folder", _set(hub=Path("/no/hub.git")), HubRefused, "holds no hub at the path of", "sage-edge exchange init"
    ),
    Case(
        "no repository",
        _set(hub=Path(__file__).parent),
        HubRefused,
        "holds no hub at the path of",
        "sage-edge exchange init",
    ),
    Case(
        "of another user", _of_another, HubRefused, "belongs to another user than the account there", "chown -R ACCOUNT"
    ),
    Case("no git", _no_git, HubRefused, "does not run git: it ends with 127", "whether git is there"),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_side_that_spoke_is_named(case: Case, door: Door, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    try:
        case.change(door)
        monkeypatch.setenv("GIT_SSH_COMMAND", door.command)
        monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
        with pytest.raises(case.kind) as caught:
            world.post(SPROUT, door.remote).receive()
    finally:
        (door.sshd.tools / "git-upload-pack").unlink(missing_ok=True)
        (door.sshd.folder / "home" / ".bashrc").unlink(missing_ok=True)
    error, folder = caught.value, door.folder
    assert (type(error), case.says.format(folder=folder) in error.message) == (case.kind, True), error.message
    assert case.step.format(folder=folder) in hints.text(error.hint)
    assert "\x1b" not in error.message


def test_a_door_that_is_open(door: Door, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_SSH_COMMAND", door.command)
    post = world.post(SPROUT, door.remote)
    post.put(decision())
    assert post.publish("one").pushed
    assert post.receive().heard
