"""How an image gets to a board: by a registry, so that only layers that are missing travel.

By default an ephemeral one: Debian's `docker-registry` on the workstation's loopback, which the board reaches through
the SSH connection that is open anyway. Loopback registries need no TLS, and nothing listens on any other address.

    workstation                                   board
    docker push 127.0.0.1:P/sage/sprout:<id>      docker pull localhost:Q/sage/sprout:<id>
         └─► registry on 127.0.0.1:P  ◄── SSH reverse forward ── 127.0.0.1:Q

Its storage stays in .sage/registry, so a second push writes what is new; `--via save` streams the whole image instead.
"""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from sage_edge import files, shell
from sage_edge.deploy.addresses import DeployError
from sage_edge.deploy.wanted import Image
from sage_edge.shell import Command

PROGRAMS = ("docker-registry", "registry")
PUSH_S, START_S = 3600.0, 20.0

_CONFIG = """version: 0.1
log: {{level: error, accesslog: {{disabled: true}}}}
storage: {{filesystem: {{rootdirectory: {folder}}}, delete: {{enabled: true}}}}
http: {{addr: "127.0.0.1:{port}"}}
"""


class NoRegistry(DeployError):
    """No registry can be started here."""

    code = 4


@contextlib.contextmanager
def serving(folder: Path) -> Iterator[int]:
    """Run a registry over a folder for the body; yields its port on the loopback. Raises NoRegistry."""
    program = next((found for name in PROGRAMS if (found := shutil.which(name))), None)
    if program is None:
        raise NoRegistry(
            "no registry program is installed here",
            hint="apt-get install docker-registry; or send it whole: --via save",
        )
    files.make_folder(folder)
    port = _free_port()
    config = folder / f"config-{port}.yml"
    config.write_text(_CONFIG.format(folder=folder / "data", port=port), "utf-8")
    process = subprocess.Popen((program, "serve", str(config)), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _await(process, port)
        yield port
    finally:
        process.terminate()
        process.wait(10)
        config.unlink(missing_ok=True)


def push(image: Image, port: int) -> str:
    """Push an image to the registry on this port; return its name there, without the machine. Raises DeployError."""
    name = f"sage/{image.name}:{image.id.short}"
    target = f"127.0.0.1:{port}/{name}"
    for words in (("tag", image.id, target), ("push", "--quiet", target)):
        done = shell.attempt(Command(("docker", *words), timeout_s=PUSH_S))
        if done.code != 0:
            raise DeployError(
                f"docker {words[0]} failed: {done.complaint[-300:]}", hint="is the image here? invoke build --host HOST"
            )
    shell.attempt(Command(("docker", "rmi", "--no-prune", target)))  # the name; the image keeps its own
    return name


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _await(process: subprocess.Popen[bytes], port: int) -> None:
    until = time.monotonic() + START_S
    while time.monotonic() < until and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    raise NoRegistry(f"the registry did not start on 127.0.0.1:{port}", hint="is the port taken? then the same again")
