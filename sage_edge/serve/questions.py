"""What a request to the gateway may be: its id, its size, and a body that is one question to the served model."""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
import uuid
from dataclasses import dataclass

from starlette.requests import Request

from sage_edge.names import ModelRef
from sage_edge.serve.api_error import ApiError

_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_BODY_S = 30.0
"""How long a client may take to send its question."""


@dataclass(frozen=True)
class Question:
    """One question: where it goes, as the server gets it, whether the answer comes in pieces, and its digest."""

    path: str
    body: bytes
    is_stream: bool
    digest: str


def request_id(request: Request) -> str:
    """Return the id that a client gave its request, or a new one. Raises ApiError 400."""
    given = request.headers.get("x-request-id")
    if given is None:
        return uuid.uuid4().hex
    if not _ID.fullmatch(given):
        raise ApiError(400, "bad_request_id", "X-Request-Id takes 1 to 64 letters, digits, dots, hyphens, underscores")
    return given


async def read(request: Request, at_most: int, model: ModelRef) -> Question:
    """Return the question in a request. Raises ApiError; starlette's ClientDisconnect."""
    try:
        body = await asyncio.wait_for(_body(request, at_most), _BODY_S)
    except asyncio.TimeoutError:
        raise ApiError(408, "body_timeout", f"the question did not arrive within {_BODY_S:g} s") from None
    return parse(request.url.path, body, model)


def parse(path: str, body: bytes, model: ModelRef) -> Question:
    """Return the question in a body, with the served model's name in it. Raises ApiError 400 and 404."""
    try:
        content = json.loads(body, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise ApiError(400, "bad_json", "the question is no JSON in UTF-8") from None
    if not isinstance(content, dict):
        raise ApiError(400, "bad_json", "the question is no JSON object")
    if content.get("model", model) != model:
        raise ApiError(404, "model_not_found", f"nothing is served here but {model}")
    is_stream = content.get("stream", False)
    if not isinstance(is_stream, bool):
        raise ApiError(400, "invalid_request", "stream is neither true nor false")
    asked = json.dumps({**content, "model": str(model)}).encode()
    return Question(path, asked, is_stream, hashlib.sha256(path.encode() + b"\n" + asked).hexdigest())


async def _body(request: Request, at_most: int) -> bytes:
    announced = request.headers.get("content-length", "0")
    if not announced.isdigit() or len(announced) > 18 or int(announced) > at_most:
        raise _too_large(at_most)
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > at_most:
            raise _too_large(at_most)
    return bytes(body)


def _too_large(at_most: int) -> ApiError:
    return ApiError(413, "body_too_large", f"a question may have {at_most} bytes")


def _no_number(word: str) -> None:
    raise ValueError(word)
