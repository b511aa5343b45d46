"""An endpoint of the test: a real server on the loopback that answers each question as it is told to, byte by byte."""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

NAME = "mind"


@dataclass(frozen=True)
class Asked:
    """A question that came. path: with its query; headers: names in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


Answer = Callable[[Asked], Iterable[bytes]]


@dataclass
class Endpoint:
    """What such a server was asked so far. models: answers the question for its models; reply: every other."""

    reply: Answer
    models: Answer
    url: str = ""
    asked: list[Asked] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)
    """Set when whoever asked had gone before an answer was over."""


def answer(status: int, body: bytes, **headers: str) -> bytes:
    """Return an answer of a known length."""
    told = {"content-length": str(len(body)), **{name.replace("_", "-"): value for name, value in headers.items()}}
    lines = [f"HTTP/1.1 {status} X", *(f"{name}: {value}" for name, value in told.items())]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def served(*names: str, digest: str | None = None) -> Answer:
    """Answer with a list of models, all of one digest."""
    entries = [{"id": name, "object": "model", **({"digest": digest} if digest else {})} for name in names or (NAME,)]
    return lambda _: [answer(200, json.dumps({"data": entries}).encode(), content_type="application/json")]


STREAM = b"HTTP/1.1 200 X\r\ncontent-type: text/event-stream; charset=utf-8\r\nconnection: close\r\n\r\n"
"""The head of an answer that goes on until the connection ends."""


def event(value: object) -> bytes:
    """Return one event of a stream."""
    return b"data: " + json.dumps(value).encode() + b"\n\n"


def piece(
    text: str = "", finish: str | None = None, *, logprobs: Iterable[float] | None = (-0.5,), **more: Any
) -> bytes:
    """Return a chunk of a reply; logprobs None: the server tells none. more: other fields of the delta."""
    given = None if logprobs is None or finish else {"content": [{"token": "x", "logprob": one} for one in logprobs]}
    delta = {"content": text, **more} if text or more else {}
    return event({"choices": [{"index": 0, "delta": delta, "logprobs": given, "finish_reason": finish}]})


def usage(prompt: int, completion: int, cached: int | None = None) -> bytes:
    """Return what a server counted."""
    details = None if cached is None else {"cached_tokens": cached}
    told = {"prompt_tokens": prompt, "completion_tokens": completion, "prompt_tokens_details": details}
    return event({"choices": [], "usage": told})


DONE = b"data: [DONE]\n\n"


def streamed(*events: bytes) -> Answer:
    """Answer with a stream of these events, one after the other."""
    return lambda _: [STREAM, *events]


def at(endpoint: Endpoint) -> str:
    """Return host and port of an endpoint."""
    return endpoint.url.partition("//")[2]


@contextlib.contextmanager
def running(reply: Answer, models: Answer | None = None, tls: ssl.SSLContext | None = None) -> Iterator[Endpoint]:
    """Run an endpoint for the body. tls: it proves itself by that."""
    endpoint = Endpoint(reply, models or served())
    with socket.create_server(("127.0.0.1", 0)) as listener:
        endpoint.url = f"{'https' if tls else 'http'}://127.0.0.1:{listener.getsockname()[1]}"
        threads: list[threading.Thread] = []
        over = threading.Event()

        def accept() -> None:
            while not over.is_set():
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                threads.append(threading.Thread(target=_serve, args=(connection, endpoint, tls), daemon=True))
                threads[-1].start()

        accepting = threading.Thread(target=accept, daemon=True)
        accepting.start()
        try:
            yield endpoint
        finally:
            over.set()
            with contextlib.suppress(OSError):
                socket.create_connection(listener.getsockname(), 1).close()
            for thread in (accepting, *threads):
                thread.join(10)
                assert not thread.is_alive(), "an answer has no end"


def _serve(connection: socket.socket, endpoint: Endpoint, tls: ssl.SSLContext | None) -> None:
    with contextlib.ExitStack() as stack:
        stack.callback(connection.close)
        try:
            connection.settimeout(10)
            if tls is not None:
                connection = tls.wrap_socket(connection, server_side=True)
                stack.callback(connection.close)
            if (asked := _read(connection)) is None:
                return
            endpoint.asked.append(asked)
            for part in endpoint.models(asked) if asked.path.endswith("/v1/models") else endpoint.reply(asked):
                connection.sendall(part)
        except OSError:
            endpoint.ended.set()


def _read(connection: socket.socket) -> Asked | None:
    data = b""
    while b"\r\n\r\n" not in data:
        if not (more := connection.recv(65536)):
            return None
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    while len(body) < int(headers.get("content-length", 0)):
        body += connection.recv(65536)
    method, path, _ = first.split()
    return Asked(method, path, headers, body)
