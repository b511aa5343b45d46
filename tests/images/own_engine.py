"""A second Docker engine of a test's own: own socket, data, state, pid file and network; the machine's stays untouched.

It may be restarted and its cache pruned, which nobody may do to the engine that all tests share.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

START_S, END_S = 60.0, 60.0


class OwnEngine:
    """An engine below one folder."""

    def __init__(self, folder: Path, bridge: str) -> None:
        self.folder, self._bridge = folder, bridge
        self.address = f"unix://{folder / 'docker.sock'}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers."""
        words = (
            "dockerd",
            "--host",
            self.address,
            "--data-root",
            f"{self.folder}/data",
            "--exec-root",
            f"{self.folder}/x",
            "--pidfile",
            f"{self.folder}/pid",
            "--config-file",
            f"{self.folder}/none.json",
            "--bridge",
            self._bridge,
            "--iptables=false",
            "--ip6tables=false",
            "--ip-masq=false",
            "--containerd-namespace=sage-twin",
            "--containerd-plugins-namespace=sage-twin-plugins",
        )
        (self.folder / "none.json").write_text("{}", "utf-8")
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        until = time.monotonic() + START_S
        while self.docker("version", check=False).returncode:
            assert self._process.poll() is None, self._last_words()
            assert time.monotonic() < until, self._last_words()
            time.sleep(0.2)

    def stop(self) -> None:
        """End it by its own process and wait until it has gone."""
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(END_S)
            self._process = None

    def docker(self, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run `docker WORDS` with it."""
        env = {**os.environ, "DOCKER_HOST": self.address}
        return subprocess.run(("docker", *words), env=env, capture_output=True, text=True, check=check, timeout=300)

    def take(self, image: str) -> None:
        """Take in an image that the machine's engine has."""
        with subprocess.Popen(("docker", "save", image), stdout=subprocess.PIPE) as saving:
            env = {**os.environ, "DOCKER_HOST": self.address}
            subprocess.run(("docker", "load", "--quiet"), env=env, stdin=saving.stdout, capture_output=True, check=True)
        assert saving.returncode == 0

    def _last_words(self) -> str:
        return (self.folder / "log").read_text("utf-8", "replace")[-2000:]


@contextlib.contextmanager
def serving() -> Iterator[OwnEngine]:
    """Run an engine for the body; afterwards nothing of it is left."""
    with contextlib.ExitStack() as left:
        folder = Path(tempfile.mkdtemp(prefix="sage-own-", dir="/var/tmp"))
        left.callback(shutil.rmtree, folder, ignore_errors=True)
        engine = OwnEngine(folder, left.enter_context(_bridge()))
        left.callback(engine.stop)
        engine.start()
        yield engine


@contextlib.contextmanager
def _bridge() -> Iterator[str]:
    """A network for its builds, which fetch Debian's packages: two engines with one bridge would undo each other."""
    number = os.getpid() % 200 + 20
    name, net = f"sageown{number}", f"10.213.{number}"
    rules = (
        ("-t", "nat", "POSTROUTING", "-s", f"{net}.0/24", "!", "-o", name, "-j", "MASQUERADE"),
        ("-t", "filter", "FORWARD", "-i", name, "-j", "ACCEPT"),
        ("-t", "filter", "FORWARD", "-o", name, "-j", "ACCEPT"),
    )
    with contextlib.ExitStack() as undone:
        _root("ip", "link", "add", "name", name, "type", "bridge")
        undone.callback(_root, "ip", "link", "delete", name)
        _root("ip", "address", "add", f"{net}.1/24", "dev", name)
        _root("ip", "link", "set", name, "up")
        for table, where, chain, *rule in rules:
            _root("iptables", "-w", table, where, "-I", chain, *rule)
            undone.callback(_root, "iptables", "-w", table, where, "-D", chain, *rule)
        yield name


def _root(*words: str) -> None:
    subprocess.run(words, check=True, capture_output=True)
