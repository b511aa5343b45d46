"""Serve until stopped: the model's server, the gateway before it, and an end in which nothing is cut off."""

from __future__ import annotations

import asyncio
import functools
import socket
import threading
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path

from sage_edge.inventory.serve_settings import ServeSettings
from sage_edge.models.resolve import ResolvedModel
from sage_edge.serve import listener, tokens
from sage_edge.serve.child import Child, ChildSettings
from sage_edge.serve.gateway import Gateway, GatewayLimits, ServedWeights
from sage_edge.serve.listener import Listener
from sage_edge.serve.upstream import Upstream

_BEAT_S = 0.1
_DRAIN_S = 45.0
"""How long what runs may take to end, once we are asked to stop; compose kills us after 60 s."""
_LOOK_S = 5.0
"""How often a server beside us is looked at."""


@dataclass(frozen=True)
class ServeVoices:
    """Where it speaks: progress for people, access lines for programs."""

    log: Callable[[str], None]
    access: Callable[[str], None]


def serve(
    settings: ServeSettings, model: ResolvedModel, folder: Path, stop: threading.Event, voices: ServeVoices
) -> None:
    """Serve a model until `stop` is set. folder: holds the token and, for TLS, cert.pem and key.pem.

    Raises ServeTokenMissing, ServeTokenUnusable, CertificateMissing, CertificateUnusable, AddressTaken, ServerFailed,
    DigestMismatch, ModelIncomplete.
    """
    token = tokens.read(folder / "token")
    tls = listener.files(folder, settings.address, is_local=settings.is_local)
    limits = GatewayLimits(settings.queue, settings.body_bytes, settings.answer_s)
    with listener.opened(settings.address, settings.port) as door:
        scheme = "http" if tls is None else "https"
        voices.log(f"{model.ref} is served at {scheme}://{settings.address}:{settings.port} once its server is up")
        gateway = Gateway(ServedWeights(model.ref, model.digest), limits, token, voices.access)
        asyncio.run(_serve(gateway, listener.make(gateway, tls), door, _keeper(settings, model, gateway, voices), stop))


Keeper = Callable[[], Coroutine[None, None, None]]
"""Keeps a server up, and tells the gateway; it ends only by an error."""


def _keeper(settings: ServeSettings, model: ResolvedModel, gateway: Gateway, voices: ServeVoices) -> Keeper:
    def changed(upstream: Upstream | None) -> None:
        if upstream is not None:
            gateway.accounts.server_started()
            voices.log(f"the server of {model.ref} is up")
        gateway.upstream = upstream

    if settings.upstream is not None:
        return functools.partial(_beside, settings.upstream, settings.answer_s, model, changed)
    child = ChildSettings(settings.context_tokens, settings.threads, settings.gpu_layers, settings.answer_s)
    return Child(model, child, changed, voices.log).keep_up


async def _beside(
    address: str, answer_s: float, model: ResolvedModel, changed: Callable[[Upstream | None], None]
) -> None:
    """Look at a server that runs beside us, and say when it comes and goes."""
    await asyncio.to_thread(model.check)
    upstream, is_up = Upstream(address, None, answer_s), False
    try:
        while True:
            if (now := await upstream.is_healthy()) != is_up:
                is_up = now
                changed(upstream if is_up else None)
            await asyncio.sleep(_LOOK_S)
    finally:
        await upstream.close()


async def _serve(gateway: Gateway, server: Listener, door: socket.socket, keep: Keeper, stop: threading.Event) -> None:
    keeping = asyncio.ensure_future(keep())
    serving = asyncio.ensure_future(server.serve([door]))
    try:
        while not (stop.is_set() or keeping.done() or serving.done()):
            await asyncio.sleep(_BEAT_S)
        gateway.is_draining = True
        await _drained(gateway, 0 if keeping.done() else _DRAIN_S)
    finally:
        server.end()
        keeping.cancel()
        ended = await asyncio.gather(keeping, serving, return_exceptions=True)
    for end in ended:
        if isinstance(end, Exception):
            raise end


async def _drained(gateway: Gateway, at_most_s: float) -> None:
    """Wait until nothing is under way any more, or the time is over."""
    until = time.monotonic() + at_most_s
    while not gateway.answers.is_idle and time.monotonic() < until:
        await asyncio.sleep(_BEAT_S)
