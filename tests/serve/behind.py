"""A gateway on loopback, and behind it a server of the test's own, each on a real socket."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import ssl
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field

import httpx2
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from sage_edge.names import Digest, ModelRef
from sage_edge.serve import listener
from sage_edge.serve.gateway import Gateway, GatewayLimits, ServedWeights
from sage_edge.serve.listener import TlsFiles
from sage_edge.serve.upstream import Upstream

TOKEN = "t" * 64
MODEL = ServedWeights(ModelRef("a/b:c"), Digest("sha256:" + "0" * 64))
CHAT = "/v1/chat/completions"
Reply = Callable[[Request], Awaitable[Response]]


def asked(words: str = "hi", **more: object) -> dict[str, object]:
    """The body of a question."""
    return {"messages": [{"role": "user", "content": words}], **more}


def whole(words: str = "yes", finish: str | None = "stop") -> Response:
    """An answer at once."""
    choice = {"index": 0, "message": {"role": "assistant", "content": words}, "finish_reason": finish}
    usage = {"prompt_tokens": 3, "completion_tokens": 1}
    return Response(json.dumps({"choices": [choice], "usage": usage}), media_type="application/json")


def event(words: str | None = None, finish: str | None = None) -> bytes:
    """One piece of an answer."""
    delta = {} if words is None else {"content": words}
    return b"data: " + json.dumps({"choices": [{"delta": delta, "finish_reason": finish}]}).encode() + b"\n\n"


NOBODY = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""For clients that speak no TLS: loading whom to trust takes longer than a test."""

DONE = b"data: [DONE]\n\n"
WHOLE_STREAM = event("y") + event("es") + event(finish="stop") + DONE


def streamed(*pieces: bytes, pause_s: float = 0) -> Response:
    """An answer in pieces."""

    async def sent() -> AsyncIterator[bytes]:
        for piece in pieces:
            yield piece
            await asyncio.sleep(pause_s)

    return StreamingResponse(sent(), media_type="text/event-stream")


@dataclass
class Server:
    """The server behind; it answers by `reply`, and counts how often it was asked, and given up."""

    reply: Reply
    questions: list[dict[str, object]] = field(default_factory=list)

    async def answer(self, request: Request) -> Response:
        self.questions.append(await request.json())
        return await self.reply(request)


@dataclass
class Gate:
    """A running gateway, with a client that knows its token."""

    gateway: Gateway
    url: str
    server: Server
    lines: list[str]
    client: httpx2.Client

    def ask(self, words: str = "hi", *, name: str | None = None, **more: object) -> httpx2.Response:
        headers = {} if name is None else {"x-request-id": name}
        return self.client.post(CHAT, json=asked(words, **more), headers=headers)

    def accounts(self) -> list[dict[str, object]]:
        """The lines that were written, waited for: the last one may come after its answer."""
        time.sleep(0.02)
        return [json.loads(line) for line in self.lines]


@contextlib.contextmanager
def standing(
    reply: Reply,
    *,
    queue: int = 4,
    body_bytes: int = 200_000,
    answer_s: float = 5,
    tls: TlsFiles | None = None,
    trust: ssl.SSLContext = NOBODY,
) -> Iterator[Gate]:
    """Yield a gateway before a server that answers so; both are down afterwards. trust: of its client, under TLS."""
    server, lines = Server(reply), list[str]()
    app = Starlette(routes=[Route(path, server.answer, methods=["POST"]) for path in (CHAT, "/v1/completions")])
    behind, door = listener.opened("127.0.0.1", 0), listener.opened("127.0.0.1", 0)
    held: dict[str, Gateway] = {}

    async def run() -> None:
        gateway = Gateway(MODEL, GatewayLimits(queue, body_bytes, answer_s), TOKEN.encode(), lines.append)
        gateway.upstream = Upstream(address(behind), "child", answer_s)
        front, back = listener.make(gateway, tls), uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off"))
        tasks = [asyncio.ensure_future(front.serve([door])), asyncio.ensure_future(back.serve([behind]))]
        held["gateway"] = gateway
        while not ended.is_set():
            await asyncio.sleep(0.01)
        front.should_exit = back.should_exit = front.force_exit = back.force_exit = True
        await gateway.upstream.close()
        await asyncio.gather(*tasks)

    ended = threading.Event()
    thread = threading.Thread(target=lambda: asyncio.run(run()))
    thread.start()
    url = address(door) if tls is None else address(door).replace("http:", "https:")
    try:
        while "gateway" not in held:
            time.sleep(0.005)
        with httpx2.Client(
            base_url=url, headers={"authorization": f"Bearer {TOKEN}"}, trust_env=False, verify=trust
        ) as client:
            yield Gate(held["gateway"], url, server, lines, client)
    finally:
        ended.set()
        thread.join()


def address(door: socket.socket) -> str:
    return f"http://127.0.0.1:{door.getsockname()[1]}"


async def yes(request: Request) -> Response:
    """Answer at once, or in pieces where that was asked for."""
    return streamed(WHOLE_STREAM) if (await request.json()).get("stream") else whole()
