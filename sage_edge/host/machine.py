"""Run programs and ask the Docker engine of this board; the one place of the helper that starts processes."""

from __future__ import annotations

import json
import os
import re
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from sage_edge.host.errors import HOST, ExitStatus, Refusal, invoke

if TYPE_CHECKING:
    import subprocess

ENGINE = "/var/run/docker.sock"
NOT_THERE = 127
_FINE, _ABSENT = 200, 404
_LOOK_S = 0.5
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:/@-]{0,200}")


class Ran(NamedTuple):
    """How a program ended; 127: it is not there, 124: it took too long."""

    code: int
    out: str
    err: str

    @property
    def tail(self) -> str:
        """The last 20 lines of what it said."""
        return "\n".join((self.err + self.out).strip().splitlines()[-20:])


def run(
    words: Sequence[str],
    *,
    timeout_s: float = 60,
    stdin: bytes = b"",
    env: Mapping[str, str] | None = None,
    folder: Path | None = None,
    check_cancelled: Callable[[], None] = lambda: None,
) -> Ran:
    """Run a program, in a folder if one is named, and return whatever happened. Of our environment it gets PATH.

    check_cancelled: called twice a second; what it raises ends the program. With it ends what it started, as it does
    when it takes too long: `docker compose` is a child of `docker`.
    """
    import subprocess  # milliseconds that a probe does not need

    surroundings = {"PATH": os.environ.get("PATH", "/usr/sbin:/usr/bin:/sbin:/bin"), "LC_ALL": "C.UTF-8", **(env or {})}
    given = _in_memory(stdin)
    try:
        program = subprocess.Popen(
            list(words),
            stdin=given,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=surroundings,
            cwd=folder,
            start_new_session=True,
            close_fds=False,  # of ours only the guard is inheritable (file_lock)
        )
    except FileNotFoundError:
        return Ran(NOT_THERE, "", f"{words[0]} is not installed")
    finally:
        os.close(given)
    until = time.monotonic() + timeout_s
    try:
        out, err = _listen(program, until, check_cancelled)
    except subprocess.TimeoutExpired:
        return Ran(124, "", f"{words[0]} did not end within {timeout_s:g} s")
    finally:
        if program.poll() is None:
            os.killpg(program.pid, signal.SIGKILL)
            program.communicate()
    return Ran(program.returncode, out.decode("utf-8", "replace"), err.decode("utf-8", "replace"))


def _in_memory(content: bytes) -> int:
    """Return a file to read from: `communicate` forgets what it has not sent yet when its time is cut in slices."""
    handle = os.memfd_create("stdin")
    view = memoryview(content)
    while view:
        view = view[os.write(handle, view) :]
    os.lseek(handle, 0, os.SEEK_SET)
    return handle


def _listen(program: subprocess.Popen[bytes], until: float, check_cancelled: Callable[[], None]) -> tuple[bytes, bytes]:
    from subprocess import TimeoutExpired

    while True:
        left = until - time.monotonic()
        try:
            return program.communicate(timeout=min(max(left, 0), _LOOK_S))
        except TimeoutExpired:
            if left <= 0:
                raise
        check_cancelled()


def require(
    words: Sequence[str],
    what: str,
    *,
    timeout_s: float = 60,
    stdin: bytes = b"",
    env: Mapping[str, str] | None = None,
    folder: Path | None = None,
    check_cancelled: Callable[[], None] = lambda: None,
) -> str:
    """Run a program and return what it printed. Raises Refusal with its last lines; check_cancelled: as `run`."""
    ran = run(words, timeout_s=timeout_s, stdin=stdin, env=env, folder=folder, check_cancelled=check_cancelled)
    if ran.code != 0:
        what_failed = f"{what} failed: {ran.tail or f'exit {ran.code}'}"
        raise Refusal("step-failed", what_failed, "see: ", invoke("logs", host=HOST))
    return ran.out


def require_installed(ran: Ran) -> None:
    """Raise Refusal when the program is not on this board."""
    if ran.code == NOT_THERE:
        raise Refusal("not-installed", ran.tail, invoke("provision", host=HOST))


def engine_silent(why: object) -> Refusal:
    """What is told of an engine that does not answer."""
    return Refusal(
        "engine-silent",
        f"the Docker engine does not answer: {why}",
        "on the board: sudo systemctl start docker; not installed: ",
        invoke("provision", host=HOST),
    )


class LocalEngine:
    """Read-only questions to the Docker engine. Raises Refusal when it does not answer."""

    def __init__(self, path: str = ENGINE, timeout_s: float = 10) -> None:
        self._path, self._timeout_s = path, timeout_s

    def get(self, place: str) -> Any:
        """Return the JSON at a place of the engine's API, None where there is no such thing."""
        from sage_edge.host import docker_socket  # only a question to the engine needs a socket

        try:
            status, body = docker_socket.get(self._path, place, self._timeout_s)
            content = json.loads(body) if status == _FINE else None
        except (OSError, ValueError) as silent:
            raise engine_silent(getattr(silent, "strerror", None) or silent) from None
        if status not in (_FINE, _ABSENT):
            raise Refusal(
                "engine-refused", f"the Docker engine answers {status} to {place}", "see its log: journalctl -u docker"
            )
        return content

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
        container = self.get(f"/containers/{_plain(name)}/json")
        return dict(container) if container else None

    def image(self, ref: str) -> dict[str, Any] | None:
        """One image in full, or None."""
        image = self.get(f"/images/{_plain(ref)}/json")
        return dict(image) if image else None

    def images(self) -> list[dict[str, Any]]:
        """Every image."""
        return list(self.get("/images/json"))


def _plain(name: str) -> str:
    """Return a name that may stand in a request line as it is. Raises Refusal for another."""
    if not _NAME.fullmatch(name):
        what = f"expected the name of a container or an image, got {name!r:.60}"
        raise Refusal("bad-name", what, "deploy again", code=ExitStatus.USAGE)
    return name
