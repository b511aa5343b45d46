"""What the helper asks of the board: programs and the Docker engine. The one place that starts processes."""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sage_edge.host.refusal import FAILED, Refusal

ENGINE = "/var/run/docker.sock"


@dataclass(frozen=True)
class Ran:
    """How a program ended; 127: it is not there, 124: it took too long."""

    code: int
    out: str
    err: str

    @property
    def tail(self) -> str:
        """The last 20 lines of what it said."""
        return "\n".join((self.err + self.out).strip().splitlines()[-20:])


def run(
    words: Sequence[str], *, timeout_s: float = 60, stdin: bytes = b"", env: Mapping[str, str] | None = None
) -> Ran:
    """Run a program and return whatever happened. Nothing of our environment but PATH reaches it."""
    surroundings = {"PATH": os.environ.get("PATH", "/usr/sbin:/usr/bin:/sbin:/bin"), "LC_ALL": "C.UTF-8", **(env or {})}
    try:
        done = subprocess.run(
            list(words), input=stdin, capture_output=True, timeout=timeout_s, env=surroundings, check=False
        )
    except FileNotFoundError:
        return Ran(127, "", f"{words[0]} is not installed")
    except subprocess.TimeoutExpired:
        return Ran(124, "", f"{words[0]} did not end within {timeout_s:g} s")
    return Ran(done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace"))


def demand(words: Sequence[str], what: str, *, timeout_s: float = 60, env: Mapping[str, str] | None = None) -> str:
    """Run a program and return what it printed. Raises Refusal with the last lines of what failed."""
    ran = run(words, timeout_s=timeout_s, env=env)
    if ran.code != 0:
        raise Refusal(
            "step-failed", f"{what} failed: {ran.tail or f'exit {ran.code}'}", "see: invoke logs --host HOST", FAILED
        )
    return ran.out


class _Local(http.client.HTTPConnection):
    """HTTP over the engine's socket: a question costs a millisecond instead of a `docker` process."""

    def __init__(self, path: str, timeout_s: float) -> None:
        super().__init__("localhost", timeout=timeout_s)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


class Engine:
    """Read-only questions to the Docker engine. Raises Refusal when it does not answer."""

    def __init__(self, path: str = ENGINE, timeout_s: float = 10) -> None:
        self._path, self._timeout_s = path, timeout_s

    def get(self, place: str) -> Any:
        """Return the JSON at a place of the engine's API, None where there is no such thing."""
        connection = _Local(self._path, self._timeout_s)
        try:
            connection.request("GET", place)
            answer = connection.getresponse()
            body = answer.read()
        except (OSError, http.client.HTTPException) as silent:
            raise Refusal(
                "engine-silent", f"the Docker engine does not answer: {silent}",
                "start it: sudo systemctl start docker; not installed: invoke provision --host HOST", FAILED,
            ) from None  # fmt: skip
        finally:
            connection.close()
        if answer.status == http.client.NOT_FOUND:
            return None
        if answer.status != http.client.OK:
            raise Refusal(
                "engine-refused", f"the Docker engine answers {answer.status} to {place}", "see its log", FAILED
            )
        return json.loads(body)

    def version(self) -> Mapping[str, Any]:
        """`{"Version": "26.1.5", "ApiVersion": …}`."""
        return dict(self.get("/version"))

    def info(self) -> Mapping[str, Any]:
        """What `docker info` knows: runtimes, root folder, driver."""
        return dict(self.get("/info"))

    def containers(self) -> list[dict[str, Any]]:
        """Every container, running or not."""
        return list(self.get("/containers/json?all=1"))

    def container(self, name: str) -> dict[str, Any] | None:
        """One container in full, or None."""
        found = self.get(f"/containers/{quote(name, safe='')}/json")
        return dict(found) if found else None

    def image(self, ref: str) -> dict[str, Any] | None:
        """One image in full, or None."""
        found = self.get(f"/images/{quote(ref, safe='')}/json")
        return dict(found) if found else None

    def images(self) -> list[dict[str, Any]]:
        """Every image."""
        return list(self.get("/images/json"))


def is_here(path: str = ENGINE) -> bool:
    """True if an engine's socket exists."""
    return Path(path).is_socket()
