"""How an image gets to a board: by a registry, so that only layers that are missing travel.

fleet.yaml may name one that both sides reach. By default it is an ephemeral one: Debian's `docker-registry` on the
workstation's loopback, which the board reaches through the SSH connection that is open anyway. Loopback registries need
no TLS, and nothing listens on any other address.

    workstation                                   board
    push to 127.0.0.1:P/sage/sprout:<id>      docker pull localhost:Q/sage/sprout:<id>
         └─► registry on 127.0.0.1:P  ◄── SSH reverse forward ── 127.0.0.1:Q

Its storage stays in .sage/registry, so a second push writes what is new; removing that folder costs time and nothing
else. `--via save` streams the whole image instead.
"""

from __future__ import annotations

import contextlib
import http.client
import re
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from sage_edge import files
from sage_edge.deploy.errors import NoRegistry
from sage_edge.hints import invoke
from sage_edge.image import engine
from sage_edge.image.built import BuiltImage
from sage_edge.image.errors import EngineRefused

PROGRAMS = ("docker-registry", "registry")
START_S, TRIES = 20.0, 3

_CONFIG = """version: 0.1
log: {{level: error, accesslog: {{disabled: true}}}}
storage: {{filesystem: {{rootdirectory: {folder}}}, delete: {{enabled: true}}}}
http: {{addr: "127.0.0.1:{port}", headers: {{{proof}: ["{token}"]}}}}
"""
_PROOF = "X-Sage-Registry"
"""Who answers with the token of our configuration is the registry that we started, and not somebody on its port."""


@contextlib.contextmanager
def serving(folder: Path, host: str = "HOST") -> Iterator[int]:
    """Run a registry over a folder for the body; yields its port on the loopback. Raises NoRegistry.

    host: to whom something is to be sent from it.
    A port that was free when we looked may be taken when the registry starts; so it has three tries.
    """
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None:
        raise NoRegistry("no registry program is installed here (Debian's package docker-registry has one)", host)
    files.make_folder(folder)
    with contextlib.ExitStack() as running:
        log = running.enter_context(tempfile.TemporaryFile())
        for left in range(TRIES - 1, -1, -1):
            port, token = free_port(), secrets.token_hex(8)
            process = running.enter_context(_started(program, folder, port, token, log))
            if _listens(process, port, token):
                break
            if not left:
                why = f"our registry did not start, on {TRIES} ports one after the other: {_last_words(log)}"
                raise NoRegistry(why, host)
        yield port


def _last_words(log: IO[bytes]) -> str:
    log.seek(0)
    last = (log.read().decode("utf-8", "replace").strip().splitlines() or ["it does not say why"])[-1]
    message = _MESSAGE.search(last)
    return (message[1] if message else last)[-300:]


_MESSAGE = re.compile(r'msg="(.*)"')


@contextlib.contextmanager
def _started(program: str, folder: Path, port: int, token: str, log: IO[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    """log: gets what it complains of."""
    config = folder / f"config-{port}.yml"
    config.write_text(_CONFIG.format(folder=folder / "data", port=port, proof=_PROOF, token=token), "utf-8")
    words = (*_dying_with_us(), program, "serve", str(config))
    process = subprocess.Popen(
        words, stdout=subprocess.DEVNULL, stderr=log, start_new_session=True
    )  # Ctrl-C is for us; the registry serves until we have left in order
    try:
        yield process
    finally:
        process.terminate()
        process.wait(10)
        config.unlink(missing_ok=True)


def _dying_with_us() -> tuple[str, ...]:
    """Words that let the kernel end a program when we are killed; without util-linux it would go on for ever."""
    program = shutil.which("setpriv")
    return (program, "--pdeathsig", "TERM") if program else ()


def push(image: BuiltImage, registry: str) -> str:
    """Push an image to a registry, like `127.0.0.1:5000`; return its name there: `sage/sprout:0a1b2c3d4e5f`.

    Raises EngineRefused with the engine's own words.
    """
    name = f"sage/{image.name}:{image.id.short}"
    target = f"{registry}/{name}"
    with engine.connect() as docker:
        if docker.image(image.id) is None:
            raise EngineRefused(
                f"docker push {image.tag}", "the image is not here", hint=invoke("image.build", host="HOST")
            )
        docker.tag(image.id, target)
        try:
            docker.push(target, hint=f"does it answer, and are you logged in there? docker login {registry}")
        finally:
            docker.untag(target)  # the image keeps its own name
    return name


def free_port() -> int:
    """Return a port of the loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _listens(process: subprocess.Popen[bytes], port: int, token: str) -> bool:
    """Wait until the registry answers; False once it has ended or takes too long."""
    until = time.monotonic() + START_S
    while time.monotonic() < until and process.poll() is None:
        if _proof(port) == token:  # and it is not somebody else who took the port
            return True
        time.sleep(0.05)
    return False


def _proof(port: int) -> str | None:
    """The token that whoever listens there knows; None when it knows none, or is no registry."""
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=1)) as line:
        try:
            line.request("GET", "/v2/")
            return line.getresponse().headers.get(_PROOF)
        except (OSError, http.client.HTTPException):
            return None
