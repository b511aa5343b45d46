"""One server of a model, asked over HTTP: what it says becomes an answer, or a typed error. The door to httpcore2.

httpx2, which stands on it, would take half of the gateway's time: a neighbour sends no cookies, redirects, encodings.
"""

from __future__ import annotations

import contextlib
import re

import httpcore2

from sage_edge.serve.answer import LARGEST_BYTES, ServedAnswer
from sage_edge.serve.api_error import ApiError
from sage_edge.serve.events import EventStream, choices, read_object, usage

_CONNECT_S = 5.0
_HEALTH_S = 5.0
_ERROR_BYTES = 64_000
_UNANSWERED = (httpcore2.NetworkError, httpcore2.ProtocolError, httpcore2.TimeoutException)
_INVALID = re.compile(r"[0-9]+ validation errors?:")


class Upstream:
    """A server at an address, with its token; None: it wants none. answer_s: how long it may be silent."""

    def __init__(self, url: str, token: str | None, answer_s: float) -> None:
        self._url, self._answer_s = url.rstrip("/"), answer_s
        self._headers = [(b"content-type", b"application/json"), (b"accept-encoding", b"identity")]
        if token is not None:
            self._headers.append((b"authorization", f"Bearer {token}".encode()))
        self._pool = httpcore2.AsyncConnectionPool(max_connections=4, max_keepalive_connections=2)

    async def is_healthy(self) -> bool:
        """Whether it answers, and by our token."""
        try:
            response = await self._pool.request(
                "GET", f"{self._url}/v1/models", headers=self._headers, extensions=_waits(_HEALTH_S)
            )
        except _UNANSWERED:
            return False
        return bool(response.status == 200)

    async def close(self) -> None:
        """Cut every connection."""
        with contextlib.suppress(*_UNANSWERED, OSError):
            await self._pool.aclose()

    async def ask(self, path: str, body: bytes, answer: ServedAnswer, *, stream: bool) -> None:
        """Fill an answer with what the server says. Raises ApiError for what is no answer."""
        try:
            async with self._pool.stream(
                "POST", f"{self._url}{path}", headers=self._headers, content=body, extensions=_waits(self._answer_s)
            ) as response:
                if response.status != 200:
                    raise await _refusal(response)
                await (_streamed if stream else _at_once)(response, answer)
        except (httpcore2.ConnectError, httpcore2.ConnectTimeout):
            raise ApiError(503, "server_away", "the model's server is not there", retry_after_s=5) from None
        except httpcore2.TimeoutException:
            raise ApiError(504, "server_silent", "the model's server did not answer in time") from None
        except _UNANSWERED:
            raise _died() from None


def _waits(answer_s: float) -> dict[str, dict[str, float]]:
    return {"timeout": {"connect": _CONNECT_S, "pool": answer_s, "read": answer_s, "write": answer_s}}


def _died() -> ApiError:
    return ApiError(502, "server_died", "the model's server ended while it answered; ask again")


async def _at_once(response: httpcore2.Response, answer: ServedAnswer) -> None:
    body = await _limited(response, LARGEST_BYTES)
    document = read_object(body)
    if not any(choice.get("finish_reason") is not None for choice in choices(document)):
        raise ApiError(502, "bad_answer", "the model's server sent an answer without a finish reason")
    answer.tokens = usage(document)
    answer.give(body)


async def _streamed(response: httpcore2.Response, answer: ServedAnswer) -> None:
    kinds = [value for name, value in response.headers if name.lower() == b"content-type"]
    if not (kinds and kinds[0].startswith(b"text/event-stream")):
        raise ApiError(502, "bad_answer", "the model's server was asked for a stream and sent something else")
    events = EventStream()
    answer.begin(200, {"content-type": "text/event-stream; charset=utf-8", "cache-control": "no-store"})
    async for piece in response.aiter_stream():
        for event in events.feed(piece):
            answer.add(event)
        answer.tokens = events.tokens
    if not (events.is_done and events.is_finished):
        raise _died()
    answer.finish()


def _without_places(words: str) -> str:
    """Return words of a server without the lines in which Python names its files."""
    return " / ".join(line.strip() for line in words.splitlines() if not line.lstrip().startswith("File "))


async def _limited(response: httpcore2.Response, at_most: int) -> bytes:
    body = bytearray()
    async for piece in response.aiter_stream():
        body += piece
        if len(body) > at_most:
            raise ApiError(502, "answer_too_large", f"the model's server sent more than {at_most} bytes")
    return bytes(body)


async def _refusal(response: httpcore2.Response) -> ApiError:
    """Return what a server refused, in our words: its own status only where the question is to blame."""
    try:
        document = read_object(await _limited(response, _ERROR_BYTES))
    except ApiError:
        document = {}
    error = document.get("error")
    reason = str(error.get("message") if isinstance(error, dict) else document.get("detail"))
    message = f"the model's server refused it with {response.status}: {_without_places(reason)}"
    if response.status in (400, 422) or _INVALID.match(reason):  # llama.cpp's says 500 for what is ill-formed
        code = error.get("code") if isinstance(error, dict) else None
        return ApiError(400, code if isinstance(code, str) and code.isidentifier() else "invalid_request", message)
    return ApiError(502, "server_failed", message)
