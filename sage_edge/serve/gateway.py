"""The application: routes, the token, and what each request comes to.

    GET  /health                 open to everybody: `ok`, or 503 with `starting` or `draining`
    GET  /metrics                counters as Prometheus reads them
    GET  /v1/models              the one model that is served, with the digest of its verified weights
    POST /v1/chat/completions    handed on to the model's server, one at a time
    POST /v1/completions         the same

Everything else wants the token. An answer is work of its own: clients read it, and when the last one has gone it is
given up, which frees its place.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable
from dataclasses import dataclass

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send

from sage_edge.names import Digest, ModelRef
from sage_edge.serve import questions, tokens
from sage_edge.serve.accounts import HEALTH, Accounts, RequestAccount
from sage_edge.serve.answer import ServedAnswer
from sage_edge.serve.answers import Answers
from sage_edge.serve.api_error import ApiError
from sage_edge.serve.questions import Question
from sage_edge.serve.turnstile import Turnstile
from sage_edge.serve.upstream import Upstream

_ASKED = ("/v1/chat/completions", "/v1/completions")
_KNOWN = (HEALTH, "/metrics", "/v1/models", *_ASKED)


@dataclass(frozen=True)
class ServedWeights:
    """What is served: a name, and the digest that its verified weights are known by."""

    ref: ModelRef
    digest: Digest


@dataclass(frozen=True)
class GatewayLimits:
    """queue: how many wait; body_bytes: of a question; answer_s: from a question's turn to the end of its answer."""

    queue: int
    body_bytes: int
    answer_s: float


class Gateway:
    """One served model behind one door. upstream: its server, None while there is none. write: takes access lines."""

    def __init__(self, model: ServedWeights, limits: GatewayLimits, token: bytes, write: Callable[[str], None]) -> None:
        self.model, self.limits = model, limits
        self.upstream: Upstream | None = None
        self.is_draining = False
        self.answers = Answers()
        self.queue = Turnstile(limits.queue, limits.answer_s * (limits.queue + 1))
        self.accounts = Accounts(write, lambda: self.queue.waiting, lambda: self.upstream is not None)
        self._token = token
        routes = [
            Route(HEALTH, self._health),
            Route("/metrics", self._metrics),
            Route("/v1/models", self._models),
            *(Route(path, self._completions, methods=["POST"]) for path in _ASKED),
        ]
        handlers = {HTTPException: _elsewhere, ApiError: _refused, Exception: _unforeseen}
        self._app = Starlette(routes=routes, exception_handlers=handlers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take one request, as ASGI hands it over."""
        if scope["type"] != "http":
            return
        path = scope["path"]
        account = scope["account"] = RequestAccount(path if path in _KNOWN else "other")

        async def noted(message: Message) -> None:
            if message["type"] == "http.response.start":
                account.status = message["status"]
            await send(message)

        try:
            await self._admitted(scope, receive, noted)
        finally:
            self.accounts.close(account)

    async def _admitted(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope)
        if scope["path"] != HEALTH and not tokens.opens(request.headers.get("authorization"), self._token):
            refusal = ApiError(401, "invalid_api_key", "this gateway opens for its token alone")
            await _refused(request, refusal)(scope, receive, send)
            return
        with contextlib.suppress(ClientDisconnect):
            await self._app(scope, receive, send)

    def _health(self, request: Request) -> Response:
        word = "draining" if self.is_draining else "starting" if self.upstream is None else "ok"
        return Response(f"{word}\n", 200 if word == "ok" else 503, media_type="text/plain")

    def _metrics(self, request: Request) -> Response:
        return Response(self.accounts.page(), media_type="text/plain; version=0.0.4")

    def _models(self, request: Request) -> Response:
        model = {"id": self.model.ref, "object": "model", "owned_by": "sage", "digest": self.model.digest}
        return Response(json.dumps({"object": "list", "data": [model]}), media_type="application/json")

    async def _completions(self, request: Request) -> Response:
        account: RequestAccount = request.scope["account"]
        account.id = name = questions.request_id(request)
        if self.is_draining:
            raise ApiError(503, "draining", "this gateway is about to end", retry_after_s=10)
        question = await questions.read(request, self.limits.body_bytes, self.model.ref)
        answer = self.answers.find(name, question.digest)
        if answer is None:
            self.queue.enter()
            answer = self.answers.start(name, question.digest, lambda fresh: self._work(question, fresh))
        return _Reading(self, name, answer, account)

    async def _work(self, question: Question, answer: ServedAnswer) -> None:
        """Fill an answer: its turn, the server's words, or why there are none."""
        try:
            async with self.queue.turn():
                await asyncio.wait_for(self._ask(question, answer), self.limits.answer_s)
        except ApiError as refusal:
            answer.fail(refusal)
        except asyncio.TimeoutError:
            answer.fail(ApiError(504, "answer_timeout", f"no whole answer within {self.limits.answer_s:g} s"))
        except asyncio.CancelledError:
            answer.fail(ApiError(503, "given_up", "the answer was given up"))
            raise

    async def _ask(self, question: Question, answer: ServedAnswer) -> None:
        if self.upstream is None:
            raise ApiError(503, "server_away", "the model's server is not there yet, or not again", retry_after_s=5)
        await self.upstream.ask(question.path, question.body, answer, stream=question.is_stream)


class _Reading(Response):
    """One client that reads an answer; it stops when the client leaves."""

    def __init__(self, gateway: Gateway, name: str, answer: ServedAnswer, account: RequestAccount) -> None:
        self._gateway, self._name, self._answer, self._account = gateway, name, answer, account

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        sending = asyncio.ensure_future(self._send(send))
        leaving = asyncio.ensure_future(_left(receive))
        try:
            await asyncio.wait({sending, leaving}, return_when=asyncio.FIRST_COMPLETED)
            is_sent = sending.done() and sending.exception() is None
            self._account.outcome = self._answer.outcome if is_sent else "left"
        finally:
            for task in (sending, leaving):
                task.cancel()
            self._account.tokens = self._answer.tokens
            self._gateway.answers.leave(self._name, self._answer)

    async def _send(self, send: Send) -> None:
        answer = self._answer
        await answer.begun()
        model = self._gateway.model
        headers = {**answer.headers, "x-request-id": self._name, "x-model-digest": model.digest}
        raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": answer.status, "headers": raw})
        if answer.is_done:
            await send({"type": "http.response.body", "body": b"".join(answer.pieces)})
            return
        async for piece in answer.read():
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _refused(request: Request, refusal: Exception) -> Response:
    if not isinstance(refusal, ApiError):
        raise TypeError(refusal)
    account: RequestAccount = request.scope["account"]
    account.outcome = refusal.code
    named = {"x-request-id": account.id} if account.id else {}
    return Response(refusal.body, refusal.status, headers={**refusal.headers, **named})


def _elsewhere(request: Request, wrong: Exception) -> Response:
    status = wrong.status_code if isinstance(wrong, HTTPException) else 500
    what = "no such page" if status == 404 else "not by this method" if status == 405 else "not so"
    return _refused(request, ApiError(status, "not_found" if status == 404 else "not_allowed", what))


def _unforeseen(request: Request, wrong: Exception) -> Response:
    return _refused(request, ApiError(500, "unforeseen", f"a fault of this gateway: {type(wrong).__name__}"))
