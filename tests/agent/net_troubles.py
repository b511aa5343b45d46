"""Each kind of trouble between a host and its hub: a real sshd, a real hub, servers that answer wrongly.

A trouble brings itself about in a world whose host has published before, and yields the address that the host is given.
"""

from __future__ import annotations

import contextlib
import getpass
import os
import shutil
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from tests.deploy import boards
from tests.fakes import World


@dataclass(frozen=True)
class Net:
    """Where a trouble comes about. sshd: its `authorized_keys` may be changed; identity: a key that it takes."""

    world: World
    sshd: boards.Board
    identity: Path
    patch: pytest.MonkeyPatch

    @property
    def hook(self) -> Path:
        return self.world.hub / "hooks" / "pre-receive"

    def by_ssh(self, *, key: str = "", port: int = 0, identity: Path | None = None, options: str = "") -> str:
        """Let git reach the hub by ssh, as this host would; return the address."""
        known = self.world.folder / "known_hosts"
        known.write_text(f"hub {self.sshd.public_key if key == '' else key}\n" if key != "none" else "")
        config = self.world.folder / "ssh_config"
        config.write_text(
            f"Host hub\n HostName 127.0.0.1\n HostKeyAlias hub\n Port {port or self.sshd.port}\n"
            f" User {getpass.getuser()}\n IdentityFile {identity or self.identity}\n IdentitiesOnly yes\n"
            f" UserKnownHostsFile {known}\n StrictHostKeyChecking yes\n BatchMode yes\n{options}"
        )
        self.patch.setenv("GIT_SSH_COMMAND", f"ssh -F {config}")
        return f"ssh://hub{self.world.hub}"


Trouble = Callable[[Net], AbstractContextManager[str]]


def _hook(script: str) -> Trouble:
    @contextlib.contextmanager
    def trouble(net: Net) -> Iterator[str]:
        kept = net.hook.read_bytes()
        net.hook.write_text(f"#!/bin/sh\n{script}\n")
        yield str(net.world.hub)
        net.hook.write_bytes(kept)

    return trouble


@contextlib.contextmanager
def _gone(net: Net) -> Iterator[str]:
    away = net.world.hub.rename(net.world.folder / "away.git")
    yield str(net.world.hub)
    away.rename(net.world.hub)


@contextlib.contextmanager
def _damaged(net: Net) -> Iterator[str]:
    objects = net.world.hub / "objects"
    kept = net.world.folder / "kept-objects"
    objects.rename(kept)
    for folder in ("info", "pack"):
        (objects / folder).mkdir(parents=True)
    yield str(net.world.hub)
    shutil.rmtree(objects)
    kept.rename(objects)


@contextlib.contextmanager
def _busy(net: Net) -> Iterator[str]:
    lock = net.world.hub / "refs" / "heads" / "host" / "sprout.lock"
    lock.touch()
    yield str(net.world.hub)
    lock.unlink()


@contextlib.contextmanager
def _full(net: Net) -> Iterator[str]:
    objects, kept = net.world.hub / "objects", net.world.folder / "kept-objects"
    shutil.copytree(objects, kept)
    words = ["mount", "-t", "tmpfs", "-o", "size=64k,nr_inodes=64", "none", str(objects)]
    mounted = subprocess.run(words, capture_output=True, check=False)
    if mounted.returncode != 0:
        pytest.skip(f"no tmpfs can be mounted here: {mounted.stderr.decode().strip()}")
    try:
        shutil.copytree(kept, objects, dirs_exist_ok=True)
        with contextlib.suppress(OSError):
            for number in range(64):
                (objects / f"filler{number}").write_bytes(bytes(4096))
        yield str(net.world.hub)
    finally:
        subprocess.run(["umount", str(objects)], check=True)


def _foreign(push: Callable[[Net], None]) -> Trouble:
    @contextlib.contextmanager
    def trouble(net: Net) -> Iterator[str]:
        kept = net.world.folder / "kept.git"
        shutil.copytree(net.world.hub, kept)
        push(net)
        yield str(net.world.hub)
        shutil.rmtree(net.world.hub)
        kept.rename(net.world.hub)

    return trouble


def _foreign_commit(net: Net) -> None:
    env = {**os.environ, **{f"GIT_{who}_{what}": "x" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}}
    words = ("commit-tree", "host/sprout^{tree}", "-p", "host/sprout", "-m", "x")
    hub = ("git", f"--git-dir={net.world.hub}")
    oid = subprocess.run((*hub, *words), env=env, capture_output=True, check=True, text=True).stdout.strip()
    subprocess.run((*hub, "update-ref", "refs/heads/host/sprout", oid), check=True)


def _ssh(**options: str) -> Trouble:
    @contextlib.contextmanager
    def trouble(net: Net) -> Iterator[str]:
        yield net.by_ssh(**options)  # type: ignore[arg-type]

    return trouble


@contextlib.contextmanager
def _stranger(net: Net) -> Iterator[str]:
    boards.keygen(net.world.folder / "other")
    yield net.by_ssh(identity=net.world.folder / "other")


@contextlib.contextmanager
def _changed_key(net: Net) -> Iterator[str]:
    boards.keygen(net.world.folder / "other")
    yield net.by_ssh(key=" ".join((net.world.folder / "other.pub").read_text().split()[:2]))


@contextlib.contextmanager
def _mute(net: Net) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        yield net.by_ssh(port=mute.getsockname()[1])


def _forced(command: str) -> Trouble:
    @contextlib.contextmanager
    def trouble(net: Net) -> Iterator[str]:
        keys = net.sshd.folder / "authorized_keys"
        kept = keys.read_text()
        keys.write_text(f'restrict,command="{command}" {kept}')
        yield net.by_ssh()
        keys.write_text(kept)

    return trouble


def _http(status: int, *, tls: bool = False) -> Trouble:
    @contextlib.contextmanager
    def trouble(net: Net) -> Iterator[str]:
        with ExitStack() as stack:
            server = HTTPServer(("127.0.0.1", 0), _handler(status))
            thread = threading.Thread(target=server.serve_forever, daemon=True)
            stack.callback(thread.join)
            stack.callback(server.server_close)
            stack.callback(server.shutdown)
            thread.start()
            # a server that speaks no TLS: the handshake fails, as with one whose certificate nobody knows
            yield f"http{'s' if tls else ''}://127.0.0.1:{server.server_port}/hub.git"

    return trouble


def _handler(status: int) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(b"<html>please log in to the hotel's network</html>")

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler


@contextlib.contextmanager
def _elsewhere(net: Net) -> Iterator[str]:
    yield "ssh://nobody.invalid/hub.git"


TROUBLES: dict[str, tuple[Trouble, str]] = {
    "hub gone": (_gone, "away"),
    "hub without its objects": (_damaged, ""),
    "hub full": (_full, ""),
    "hub held by a dead push": (_busy, "away"),
    "hook says no": (_hook("echo closed >&2; exit 1"), "refused"),
    "protected branch": (_hook("echo 'GH006: Protected branch update failed' >&2; exit 1"), "refused"),
    "hook that hangs": (_hook("sleep 20 </dev/null >/dev/null 2>&1"), "away"),
    "hook that dies": (_hook("kill -9 $$"), "refused"),
    "foreign commit on our branch": (_foreign(_foreign_commit), "broken"),
    "key that the hub does not know": (_stranger, "refused"),
    "hub with another key": (_changed_key, "refused"),
    "hub whose key nobody knows": (_ssh(key="none"), "refused"),
    "sshd that is not there": (_ssh(port="1"), "away"),
    "port that says nothing": (_mute, "away"),
    "name that nobody has": (_elsewhere, "away"),
    "account without git": (_forced("exec no-such-git"), ""),
    "shell that talks": (_forced("echo Welcome, friend of the hub"), ""),
    "shell that hangs": (_forced("sleep 20"), "away"),
    "HTTP 401": (_http(401), ""),
    "HTTP 403": (_http(403), ""),
    "HTTP 404": (_http(404), ""),
    "HTTP 500": (_http(500), "away"),
    "a hotel's page": (_http(200), ""),
    "no TLS": (_http(200, tls=True), ""),
}
"""Name → how it comes about, and the event that the worklog names (`exchange-…`); empty where either word would do."""

SAMPLE = (
    "hub gone",
    "hub full",
    "hook says no",
    "foreign commit on our branch",
    "key that the hub does not know",
    "hub with another key",
    "sshd that is not there",
    "port that says nothing",
    "shell that talks",
    "HTTP 403",
    "HTTP 500",
    "no TLS",
)
"""One of each sort, for the slow tier; all of them are tried under `full`."""
