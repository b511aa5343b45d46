"""What stands at the door to Docker instead of it: an engine behind a socket, and a `docker` command for builds."""

from __future__ import annotations

import contextlib
import fnmatch
import json
import shutil
import socketserver
import struct
import tempfile
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

INFO = {"ServerVersion": "26.1.5", "Architecture": "x86_64", "DockerRootDir": "/nowhere"}

_SCRIPT = """\
#!/bin/sh
printf '%s\\n' "$*" >>"{folder}/asked"
case "$*" in
{answers}
esac
"""


def frames(out: str = "", err: str = "") -> bytes:
    """Standard output and error as Docker's API sends them."""
    return b"".join(
        struct.pack(">BxxxL", number, len(text)) + text.encode() for number, text in ((1, out), (2, err)) if text
    )


class StubEngine:
    """An engine that answers by the first pattern that fits `METHOD /path?query`; without one, with 404 and a message.

    DOCKER_HOST names its socket, so that another process of a test finds it, too.
    """

    def __init__(self, socket: Path) -> None:
        self.address = f"unix://{socket}"
        self.asked: list[str] = []
        self.bodies: dict[str, Any] = {}
        self._answers: list[tuple[str, object, int]] = []
        self._delays: list[tuple[str, float]] = []
        self.answers("GET /version", {"ApiVersion": "1.45"})

    def answers(self, pattern: str, content: object = None, code: int = 200) -> None:
        """Answer requests that fit a pattern with JSON, or with a stream of bytes."""
        self._answers.append((pattern, content, code))

    def instead(self, pattern: str, content: object, code: int = 200) -> None:
        """Answer requests that fit a pattern otherwise than before; content may be a function that says it now."""
        self._answers.insert(0, (pattern, content, code))

    def refuses(self, pattern: str, why: str, code: int = 500) -> None:
        """Answer requests that fit a pattern with an error."""
        self.answers(pattern, {"message": why}, code)

    def delays(self, pattern: str, seconds: float) -> None:
        """Let requests that fit a pattern wait for their answer."""
        self._delays.append((pattern, seconds))

    def executes(self, container: str, out: str, code: int = 0) -> None:
        """Let words that are run in a container print this."""
        self.answers(f"POST /containers/{container}/exec", {"Id": f"in-{container}"})
        self.answers(f"POST /exec/in-{container}/start", frames(out))
        self.answers(f"GET /exec/in-{container}/json", {"ExitCode": code})

    def runs(self, out: str = "", err: str = "", code: int = 0) -> None:
        """Let a container that is created, run and removed print this."""
        self.answers("POST /containers/create*", {"Id": "new"})
        self.answers("POST /containers/new/start", code=204)
        self.answers("POST /containers/new/wait*", {"StatusCode": code})
        self.answers("GET /containers/new/json", {"Config": {"Tty": False}})
        self.answers("GET /containers/new/logs*stdout=1*", frames(out))
        self.answers("GET /containers/new/logs*stdout=0*", frames(err=err))
        self.answers("DELETE /containers/new*", code=204)

    def answer(self, request: str, body: bytes) -> tuple[object, int]:
        """What is said to a request, which is written down."""
        self.asked.append(request)
        self.bodies[request] = json.loads(body) if body.startswith(b"{") else body
        for pattern, seconds in self._delays:
            if fnmatch.fnmatchcase(request, pattern):
                time.sleep(seconds)
        fits = (row for row in self._answers if fnmatch.fnmatchcase(request, row[0]))
        _, content, code = next(fits, ("", {"message": f"no such thing: {request}"}, 404))
        return content() if callable(content) else content, code


@contextlib.contextmanager
def serving(monkeypatch: pytest.MonkeyPatch) -> Iterator[StubEngine]:
    """Serve a stub for the body, found by DOCKER_HOST; a socket's name has to be short."""
    with tempfile.TemporaryDirectory(prefix="stub-") as folder:
        stub = StubEngine(Path(folder) / "docker.sock")

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _whole(self) -> bytes:
                return self.rfile.read(int(self.headers.get("Content-Length") or 0))

            def _pieces(self) -> bytes:
                body = b""
                while length := int(self.rfile.readline(), 16):
                    body += self.rfile.read(length)
                    self.rfile.readline()
                self.rfile.readline()
                return body

            def _reply(self) -> None:
                body = self._pieces() if self.headers.get("Transfer-Encoding") else self._whole()
                path = unquote(self.path).split("/", 2)
                place = f"/{path[2]}" if path[1].startswith("v1.") else unquote(self.path)
                content, code = stub.answer(f"{self.command} {place}", body)
                self.send_response(code)
                if isinstance(content, bytes):
                    self.send_header("Transfer-Encoding", "chunked")
                    sent = b"%x\r\n%b\r\n0\r\n\r\n" % (len(content), content)
                else:
                    sent = b"" if code == 204 else json.dumps(content).encode()
                    self.send_header("Content-Length", str(len(sent)))
                with contextlib.suppress(BrokenPipeError):  # whoever asked has not waited
                    self.end_headers()
                    self.wfile.write(sent)

            do_GET = do_POST = do_PUT = do_DELETE = _reply  # noqa: N815

            def log_message(self, format: str, *values: object) -> None:
                pass

        class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
            daemon_threads = True

        with Server(f"{folder}/docker.sock", Handler) as server:
            threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
            monkeypatch.setenv("DOCKER_HOST", stub.address)
            yield stub
            server.shutdown()


class StubDocker:
    """A `docker` command, alone on PATH. Answers by the first shell pattern that fits; without one, nothing and 0."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self._answers: list[str] = []
        monkeypatch.setenv("PATH", str(folder))
        self.tool("sh")

    def answers(self, pattern: str, says: str = "", *, complains: str = "", code: int = 0) -> None:
        """Answer words that fit a shell pattern."""
        fits = pattern.replace(" ", "\\ ")
        self._answers.append(f"{fits}) printf '%b' '{says}'; printf '%b' '{complains}' >&2; exit {code} ;;")
        program = self.folder / "docker"
        program.write_text(_SCRIPT.format(folder=self.folder, answers="\n".join(self._answers)), "utf-8")
        program.chmod(0o755)

    def tool(self, name: str) -> None:
        """Let a real program of this machine be found, too."""
        (self.folder / name).symlink_to(shutil.which(name, path="/usr/bin:/bin") or "")

    @property
    def asked(self) -> list[str]:
        """The words of every call, in order."""
        log = self.folder / "asked"
        return log.read_text("utf-8").splitlines() if log.exists() else []
