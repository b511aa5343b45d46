"""One server of a model, asked over HTTP: what it says becomes an answer, or a typed error. The door to httpx2."""

from __future__ import annotations

import contextlib
import re
import ssl

import httpx2

from sage_edge.serve.answer import LARGEST_BYTES, ServedAnswer
from sage_edge.serve.api_error import ApiError
from sage_edge.serve.events import EventStream, choices, read_object, usage

_CONNECT_S = 5.0
_HEALTH_S = 5.0
_ERROR_BYTES = 64_000
_INVALID = re.compile(r"[0-9]+ validation errors?:")


class Upstream:
    """A server at an address, with its token; None: it wants none. answer_s: how long it may be silent."""

    def __init__(self, url: str, token: str | None, answer_s: float) -> None:
        headers = {} if token is None else {"authorization": f"Bearer {token}"}
        # no proxy and no login file of the machine has to do with a neighbour; redirects are not followed
        self._client = httpx2.AsyncClient(
            base_url=url,
            headers={**headers, "accept-encoding": "identity"},
            trust_env=False,
            verify=ssl.SSLContext(
                ssl.PROTOCOL_TLS_CLIENT
            ),  # the way there is no TLS; this one spares loading who to trust
            timeout=httpx2.Timeout(answer_s, connect=_CONNECT_S),
            limits=httpx2.Limits(max_connections=4, max_keepalive_connections=2),
        )

    async def is_healthy(self) -> bool:
        """Whether it answers, and by our token."""
        try:
            response = await self._client.get("/v1/models", timeout=_HEALTH_S)
        except httpx2.HTTPError:
            return False
        return response.status_code == 200

    async def close(self) -> None:
        """Cut every connection."""
        with contextlib.suppress(httpx2.HTTPError, OSError):
            await self._client.aclose()

    async def ask(self, path: str, body: bytes, answer: ServedAnswer, *, stream: bool) -> None:
        """Fill an answer with what the server says. Raises ApiError for what is no answer."""
        try:
            async with self._client.stream(
                "POST", path, content=body, headers={"content-type": "application/json"}
            ) as response:
                if response.status_code != 200:
                    raise await _refusal(response)
                await (_streamed if stream else _at_once)(response, answer)
        except httpx2.ConnectError:
            raise ApiError(503, "server_away", "the model's server is not there", retry_after_s=5) from None
        except httpx2.TimeoutException:
            raise ApiError(504, "server_silent", "the model's server did not answer in time") from None
        except (httpx2.HTTPError, httpx2.StreamError):
            raise _died() from None


def _died() -> ApiError:
    return ApiError(502, "server_died", "the model's server ended while it answered; ask again")


async def _at_once(response: httpx2.Response, answer: ServedAnswer) -> None:
    body = await _limited(response, LARGEST_BYTES)
    document = read_object(body)
    if not any(choice.get("finish_reason") is not None for choice in choices(document)):
        raise ApiError(502, "bad_answer", "the model's server sent an answer without a finish reason")
    answer.tokens = usage(document)
    answer.give(body)


async def _streamed(response: httpx2.Response, answer: ServedAnswer) -> None:
    if not response.headers.get("content-type", "").startswith("text/event-stream"):
        raise ApiError(502, "bad_answer", "the model's server was asked for a stream and sent something else")
    events = EventStream()
    answer.begin(200, {"content-type": "text/event-stream; charset=utf-8", "cache-control": "no-store"})
    async for piece in response.aiter_raw():
        for event in events.feed(piece):
            answer.add(event)
        answer.tokens = events.tokens
    if not (events.is_done and events.is_finished):
        raise _died()
    answer.finish()


def _without_places(words: str) -> str:
    """Return words of a server without the lines in which Python names its files."""
    return " / ".join(line.strip() for line in words.splitlines() if not line.lstrip().startswith("File "))


async def _limited(response: httpx2.Response, at_most: int) -> bytes:
    body = bytearray()
    async for piece in response.aiter_raw():
        body += piece
        if len(body) > at_most:
            raise ApiError(502, "answer_too_large", f"the model's server sent more than {at_most} bytes")
    return bytes(body)


async def _refusal(response: httpx2.Response) -> ApiError:
    """Return what a server refused, in our words: its own status only where the question is to blame."""
    try:
        document = read_object(await _limited(response, _ERROR_BYTES))
    except ApiError:
        document = {}
    error = document.get("error")
    reason = str(error.get("message") if isinstance(error, dict) else document.get("detail"))
    message = f"the model's server refused it with {response.status_code}: {_without_places(reason)}"
    if response.status_code in (400, 422) or _INVALID.match(reason):  # llama.cpp's says 500 for what is ill-formed
        code = error.get("code") if isinstance(error, dict) else None
        return ApiError(400, code if isinstance(code, str) and code.isidentifier() else "invalid_request", message)
    return ApiError(502, "server_failed", message)
