"""Two boards as two real sshd on this machine's loopback, and a fleet whose ssh_config and known_hosts name them."""

from __future__ import annotations

import contextlib
import getpass
import os
import pwd
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from sage_edge.models.store.store import Store
from sage_edge.remote.board import helper_zipapp

SSHD = shutil.which("sshd") or shutil.which("sshd", path="/usr/sbin:/usr/local/sbin")
MISSING = [
    name
    for name, found in (("sshd", SSHD), ("ssh", shutil.which("ssh")), ("rsync", shutil.which("rsync")))
    if not found
]
SHELL = pwd.getpwuid(os.geteuid()).pw_shell
"""What sshd starts for whoever logs in; a build in a sandbox has none."""
MISSING_SHELL = "" if os.access(SHELL, os.X_OK) else f"sshd lets nobody in whose shell is {SHELL}"

needs_ssh = pytest.mark.skipif(
    bool(MISSING or MISSING_SHELL),
    reason=MISSING_SHELL or f"{', '.join(MISSING)} not installed: apt-get install openssh-server rsync",
)

TOOLS = ("rsync", "cat", "mv", "sha256sum")
"""All that is on the PATH of a bare board: rsync, and what the stand-in of `sage-edge` there is made of."""

_CONFIG = """\
ListenAddress 127.0.0.1:{port}
HostKey {folder}/host_key
AuthorizedKeysFile {folder}/authorized_keys
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
PrintMotd no
SetEnv SAGE_MODELS={models} PATH={path}{env}
{settings}"""


@dataclass(frozen=True)
class Board:
    """One sshd: where it listens, its public key, and the folder that holds all of it."""

    name: str
    folder: Path
    port: int
    process: subprocess.Popen[bytes]

    @property
    def store(self) -> Store:
        return Store(self.folder / "models")

    @property
    def tools(self) -> Path:
        """The only folder on the PATH of a bare board."""
        return self.folder / "bin"

    @property
    def public_key(self) -> str:
        return " ".join((self.folder / "host_key.pub").read_text().split()[:2])


def keygen(path: Path) -> None:
    """Make a key pair."""
    words = ("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(path))
    subprocess.run(words, check=True, stdin=subprocess.DEVNULL)


@contextlib.contextmanager
def board(
    name: str, folder: Path, public_key: str, *, bare: bool, home: Path | None = None, settings: str = ""
) -> Iterator[Board]:
    """Run a board. A bare one has next to nothing on its PATH. home: of whoever logs in; settings: more of sshd's."""
    tools = folder / "bin"
    tools.mkdir(parents=True)
    (folder / "authorized_keys").write_text(public_key)
    keygen(folder / "host_key")
    if bare:
        for tool in ("sh", *TOOLS):
            (tools / tool).symlink_to(shutil.which(tool) or "")
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)  # what the service's own unit makes
    port = _free_port()
    path = str(tools) if bare else f"{tools}:/usr/local/bin:/usr/bin:/bin"
    config = folder / "sshd_config"
    env = f" HOME={home}" if home else ""
    text = _CONFIG.format(port=port, folder=folder, models=folder / "models", path=path, env=env, settings=settings)
    config.write_text(text)
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen((SSHD or "", "-D", "-e", "-f", str(config)), stderr=log, stdin=subprocess.DEVNULL)
    try:
        _wait(process, port, folder / "log")
        yield Board(name, folder, port, process)
    finally:
        process.terminate()
        process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    until = time.monotonic() + 20
    while process.poll() is None and time.monotonic() < until:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5) as knock:
            if knock.recv(4) == b"SSH-":
                return
        time.sleep(0.02)
    pytest.fail(f"sshd did not start: {log.read_text()}")


def install_helper(folder: Path) -> tuple[str, ...]:
    """Install the packed helper below a folder, as `invoke provision` does on a board; return the words that call it.

    Boards on this machine share its file system, and so one helper; which store it serves their sshd says.
    """
    own = helper_zipapp.packed()
    script = helper_zipapp.INSTALL.replace(helper_zipapp.FOLDER, str(folder))
    subprocess.run(("sh", "-c", script, "sage-edge", own.sha256), input=own.content, check=True)
    return tuple(word.replace(helper_zipapp.FOLDER, str(folder)) for word in helper_zipapp.CALL)


def fleet(folder: Path, boards: Sequence[Board], identity: Path) -> Path:
    """Write ssh_config and known_hosts for these boards, and return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "ssh_config").write_text("".join(_block(one, identity) for one in boards))
    (folder / "known_hosts").write_text("# keys\n" + "".join(f"{one.name} {one.public_key}\n" for one in boards))
    return folder


def _block(one: Board, identity: Path) -> str:
    return (
        f"Host {one.name}\n  HostName 127.0.0.1\n  Port {one.port}\n  User {getpass.getuser()}\n"
        f'  HostKeyAlias {one.name}\n  IdentityFile "{identity}"\n  IdentitiesOnly yes\n'
    )
