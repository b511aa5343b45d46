"""A small hub on this machine: the routes that the real client asks for, and faults on demand.

GET  /api/models/{owner}/{name}/revision/{revision}           the commit behind a name
GET  /api/models/{owner}/{name}/tree/{40 hex}?recursive=true  path, size, git oid and LFS sha256; in pages, by `Link`
HEAD /{owner}/{name}/resolve/{40 hex}/{path}                  ETag, X-Repo-Commit, Content-Length
GET  the same                                                 the bytes, also by Range

with HubServer() as hub:
    revision = hub.add("tiny/base", {"config.json": b"{}", "model.safetensors": weights})
    hub.faults.append(Fault("model.safetensors", cut_at=1_000))
    …HF_ENDPOINT=hub.endpoint…
    hub.requests[-1].sent
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal
from urllib.parse import parse_qs, unquote, urlsplit

from typing_extensions import Self

LARGE = (".safetensors", ".gguf", ".bin")
"""Endings of files that the hub keeps by LFS, with a sha256 in the listing."""

_PIECE = 1 << 16
_STALL_S = 60.0


@dataclass
class Fault:
    """One thing that goes wrong with the next `times` requests whose path holds `on`.

    Byte counts are within the body of one answer. `reached` is called once the server has sent `at` bytes.
    """

    on: str
    times: int = 1
    method: Literal["GET", "HEAD", ""] = "GET"
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    cut_at: int | None = None
    stall_at: int | None = None
    flip_at: int | None = None
    no_range: bool = False
    no_length: bool = False
    extra: bytes = b""
    redirect: str | None = None
    at: int | None = None
    reached: Callable[[], None] = lambda: None


@dataclass
class Request:
    """One question that was asked, and how many bytes of a body were sent for it."""

    method: str
    path: str
    headers: Mapping[str, str]
    status: int = 0
    sent: int = 0

    @property
    def range(self) -> str | None:
        return self.headers.get("range")

    @property
    def token(self) -> str | None:
        return self.headers.get("authorization")


@dataclass(frozen=True)
class Commit:
    """The files of one repository at one commit."""

    repo: str
    revision: str
    files: Mapping[str, bytes]


class HubServer:
    """Serves what was added, on a loopback port, until the `with` block ends."""

    def __init__(self, *, page: int = 1_000, token: str | None = None) -> None:
        self.page, self.token = page, token
        self.commits: dict[str, Commit] = {}
        self.names: dict[tuple[str, str], str] = {}
        self.faults: list[Fault] = []
        self.requests: list[Request] = []
        self.released = threading.Event()
        self.connections: list[socket.socket] = []
        self._lock = threading.Lock()
        self._server = _Server(self)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    @property
    def endpoint(self) -> str:
        """For HF_ENDPOINT."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *why: object) -> None:
        self.released.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        for connection in self.connections:
            _shut(connection)

    def add(self, repo: str, files: Mapping[str, bytes], *, branch: str = "main") -> str:
        """Make a commit of these files, point `branch` at it and return its 40 hex digits."""
        told = json.dumps([repo, {path: hashlib.sha1(data).hexdigest() for path, data in files.items()}])  # noqa: S324
        revision = hashlib.sha1(told.encode()).hexdigest()  # noqa: S324 - git's own
        self.commits[revision] = Commit(repo, revision, dict(files))
        self.names[repo, branch] = revision
        return revision

    def find(self, repo: str, revision: str) -> Commit | None:
        """The commit of that name or number in that repository."""
        commit = self.commits.get(self.names.get((repo, revision), revision))
        return commit if commit and commit.repo == repo else None

    def fault(self, method: str, path: str) -> Fault | None:
        """Return the fault that this request meets, and use it up once."""
        with self._lock:
            for fault in self.faults:
                if fault.times > 0 and fault.on in path and fault.method in ("", method):
                    fault.times -= 1
                    return fault
        return None

    def sent(self, path: str = "/resolve/") -> int:
        """Bytes of bodies that were sent for paths that hold `path`."""
        return sum(request.sent for request in self.requests if path in request.path)

    def gets(self, path: str = "/resolve/") -> list[Request]:
        """The GET requests for paths that hold `path`."""
        return [request for request in self.requests if path in request.path and request.method == "GET"]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, hub: HubServer) -> None:
        self.hub = hub
        super().__init__(("127.0.0.1", 0), _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away, or was killed, is what these tests are about."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def setup(self) -> None:
        """Keep the kernel's part of what counts as sent small."""
        super().setup()
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _PIECE // 2)
        self.hub.connections.append(self.connection)

    @property
    def hub(self) -> HubServer:
        assert isinstance(self.server, _Server)
        return self.server.hub

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def _answer(self) -> None:
        request = Request(self.command, self.path, {key.lower(): value for key, value in self.headers.items()})
        self.hub.requests.append(request)
        fault = self.hub.fault(self.command, self.path) or Fault("", 0)
        if fault.redirect is not None:
            self._say(request, fault, 302, {"Location": fault.redirect}, b"")
        elif fault.status is not None:
            self._say(request, fault, fault.status, dict(fault.headers), fault.body or b"")
        elif self.hub.token is not None and request.token != f"Bearer {self.hub.token}":
            refusal = {"X-Error-Code": "RepoNotFound", "X-Error-Message": "Repository not found"}
            self._say(request, fault, 401, refusal, b"")
        else:
            self._route(request, fault)

    def _route(self, request: Request, fault: Fault) -> None:
        path = unquote(urlsplit(self.path).path)
        if match := re.fullmatch(r"/api/models/([^/]+/[^/]+)/(revision|tree)/([^/]+)", path):
            commit = self._commit(request, fault, match[1], match[3])
            if commit:
                page = _about(commit) if match[2] == "revision" else self._page(commit)
                self._say(request, fault, 200, page[1], fault.body or json.dumps(page[0]).encode())
        elif match := re.fullmatch(r"/([^/]+/[^/]+)/resolve/([^/]+)/(.+)", path):
            commit = self._commit(request, fault, match[1], match[2])
            if commit and match[3] not in commit.files:
                self._say(request, fault, 404, {"X-Error-Code": "EntryNotFound"}, b"")
            elif commit:
                self._file(request, fault, commit, match[3])
        else:
            self._say(request, fault, 404, {}, b"no such route")

    def _commit(self, request: Request, fault: Fault, repo: str, revision: str) -> Commit | None:
        found = self.hub.find(repo, revision)
        if found is None:
            known = any(repo == named for named, _ in self.hub.names)
            code, status = ("RevisionNotFound", 404) if known else ("RepoNotFound", 401)
            self._say(request, fault, status, {"X-Error-Code": code}, b"")
        return found

    def _page(self, commit: Commit) -> tuple[Any, dict[str, str]]:
        first = int(parse_qs(urlsplit(self.path).query).get("cursor", ["0"])[0])
        listed = [_entry(path, data) for path, data in sorted(commit.files.items())]
        following = first + self.hub.page
        link = f"{self.hub.endpoint}{urlsplit(self.path).path}?recursive=true&cursor={following}"
        headers = {"Link": f'<{link}>; rel="next"'} if following < len(listed) else {}
        return listed[first:following], headers

    def _file(self, request: Request, fault: Fault, commit: Commit, path: str) -> None:
        data = commit.files[path]
        body = data if fault.body is None else fault.body
        headers = {"ETag": f'"{_entry(path, data)["oid"]}"', "X-Repo-Commit": commit.revision, "Accept-Ranges": "bytes"}
        if path.endswith(LARGE):
            headers |= {"ETag": f'"{hashlib.sha256(data).hexdigest()}"', "X-Linked-Size": str(len(data))}
        span = re.fullmatch(r"bytes=(\d+)-(\d*)", request.range or "")
        if span is None or fault.no_range:
            self._say(request, fault, 200, headers | dict(fault.headers), body)
            return
        first, last = int(span[1]), min(int(span[2] or len(body)), len(body) - 1)
        if first > last:
            self._say(request, fault, 416, {"Content-Range": f"bytes */{len(body)}"}, b"")
            return
        headers["Content-Range"] = f"bytes {first}-{last}/{len(body)}"
        self._say(request, fault, 206, headers | dict(fault.headers), body[first : last + 1])

    def _say(self, request: Request, fault: Fault, status: int, headers: Mapping[str, str], body: bytes) -> None:
        request.status = status
        body += fault.extra
        self.send_response(status)
        for key, value in headers.items():
            self.send_header(key, value)
        if fault.no_length:
            self.send_header("Connection", "close")
            self.close_connection = True
        else:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self._send(request, fault, _flipped(body, fault.flip_at))

    def _send(self, request: Request, fault: Fault, body: bytes) -> None:
        stops = sorted(at for at in (fault.cut_at, fault.stall_at, fault.at) if at is not None)
        for first, last in _pieces(len(body), stops):
            self.wfile.write(body[first:last])
            request.sent = last
            if last == fault.at:
                fault.reached()
            if last == fault.stall_at:
                self.hub.released.wait(_STALL_S)
            if last in (fault.cut_at, fault.stall_at):
                self._hang_up()
                return

    def _hang_up(self) -> None:
        self.close_connection = True
        _shut(self.connection)


def _shut(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


def _pieces(size: int, stops: list[int]) -> Iterator[tuple[int, int]]:
    """Cut `size` bytes into pieces, one of which ends at each stop; a stop at 0 is an empty piece."""
    if 0 in stops:
        yield 0, 0
    ends = sorted({*range(_PIECE, size, _PIECE), *(stop for stop in stops if 0 < stop < size), size} - {0})
    yield from zip([0, *ends], ends, strict=False)


def _flipped(body: bytes, at: int | None) -> bytes:
    return body if at is None else body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :]


def _about(commit: Commit) -> tuple[Any, dict[str, str]]:
    files = [{"rfilename": path} for path in sorted(commit.files)]
    return {"id": commit.repo, "modelId": commit.repo, "sha": commit.revision, "siblings": files}, {}


def _entry(path: str, data: bytes) -> dict[str, Any]:
    """One file of a listing, as the hub tells it; of a large one, `oid` is that of its pointer."""
    if not path.endswith(LARGE):
        return {"type": "file", "path": path, "size": len(data), "oid": git_oid(data)}
    sha256 = hashlib.sha256(data).hexdigest()
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{sha256}\nsize {len(data)}\n".encode()
    lfs = {"oid": sha256, "size": len(data), "pointerSize": len(pointer)}
    return {"type": "file", "path": path, "size": len(data), "oid": git_oid(pointer), "lfs": lfs}


def git_oid(data: bytes) -> str:
    """SHA-1 of a git blob."""
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()  # noqa: S324 - git's own
