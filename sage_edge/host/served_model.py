"""Ask what this board serves for one token, as any client would: at its published port, by certificate and token."""

from __future__ import annotations

import contextlib
import http.client
import json
import ssl
import time
from collections.abc import Mapping
from typing import Any

from sage_edge.host.board_paths import Places
from sage_edge.host.errors import HOST, Refusal, invoke
from sage_edge.host.machine import LocalEngine

SERVER_CONTAINER = "sage-serve-1"
"""Of the compose service that answers others with a model; only where the host is declared to serve one."""

NOT_SERVED = "not-served"
"""The kind of every refusal that tells why no token came."""

ASK_S = 120.0
"""How long one token may take, in seconds: the first one of a large model reads all of its weights."""

_ANSWER_BYTES = 1 << 20
_QUESTION = {"messages": [{"role": "user", "content": "Hello"}], "max_tokens": 1, "temperature": 0}
_ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - published at every address, so at this one, too


def ask(places: Places, container: Mapping[str, Any]) -> str:
    """Return what came, in words. container: of the gateway, as the engine tells it in full. Raises Refusal."""
    address, port = _published(container)
    token = _token(places)
    began = time.monotonic()
    try:
        trust = ssl.create_default_context(cafile=str(places.gateway / "cert.pem"))
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        with contextlib.closing(http.client.HTTPSConnection(address, port, timeout=ASK_S, context=trust)) as asked:
            asked.request("POST", "/v1/chat/completions", json.dumps(_QUESTION), headers)
            answer = asked.getresponse()
            status, body = answer.status, answer.read(_ANSWER_BYTES)
    except ssl.SSLCertVerificationError as untrusted:
        raise _refusal(f"its certificate is not that of this board: {untrusted.verify_message}") from None
    except (OSError, http.client.HTTPException) as lost:
        why = getattr(lost, "strerror", None) or str(lost) or type(lost).__name__
        raise _refusal(f"nothing answers at {address}, port {port}: {why}") from None
    return f"{_drawn(status, body)} in {time.monotonic() - began:.1f} s"


def told(places: Places, engine: LocalEngine) -> str:
    """Return `answers`, or why no token comes."""
    container = engine.container(SERVER_CONTAINER)
    if container is None:
        return "there is no container that serves"
    if not (container.get("State") or {}).get("Running"):
        return "its container does not run"
    try:
        ask(places, container)
    except Refusal as refused:
        return refused.message
    return "answers"


def _published(container: Mapping[str, Any]) -> tuple[str, int]:
    """Where the board's own address leads to the gateway."""
    ports = (container.get("NetworkSettings") or {}).get("Ports") or {}
    for binding in (binding for bindings in ports.values() for binding in bindings or ()):
        address = str(binding.get("HostIp") or "127.0.0.1")
        return _ANYWHERE.get(address, address), int(binding["HostPort"])
    raise _refusal("its port is published nowhere")


def _token(places: Places) -> str:
    try:
        return (places.gateway / "token").read_text("ascii").strip()
    except (OSError, ValueError) as lost:
        raise _refusal(f"this board has no token for it: {getattr(lost, 'strerror', None) or lost}") from None


def _drawn(status: int, body: bytes) -> str:
    try:
        content = json.loads(body)
    except ValueError:
        raise _refusal(f"it answers {status}, and not in JSON") from None
    try:
        if status == http.HTTPStatus.OK:
            drawn = int(content["usage"]["completion_tokens"])
            if drawn > 0:
                return f"{str(content.get('model'))[:100]} drew {drawn} token"
            raise _refusal("it answers without a token")
        raise _refusal(f"it refuses with {status}: {str(content['error']['message'])[:300]}")
    except (KeyError, TypeError, ValueError):
        raise _refusal(f"it answers {status}, and nothing that could be understood") from None


def _refusal(what: str) -> Refusal:
    anew = "where its token or its certificate is to blame: "
    return Refusal(NOT_SERVED, f"the served model does not answer: {what}", anew, invoke("key.serving", host=HOST))
