"""Where the gateway takes connections: address, TLS, and an end in which what runs is finished. The door to uvicorn."""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import uvicorn

from sage_edge.serve.errors import AddressTaken, CertificateMissing, CertificateUnusable
from sage_edge.serve.gateway import Gateway

_CONNECTIONS = 1024
"""How many clients may be connected at once; further ones are turned away."""
_LAST_S = 5


@dataclass(frozen=True)
class TlsFiles:
    """A certificate and its key, in PEM."""

    certificate: Path
    key: Path


class Listener(uvicorn.Server):
    """uvicorn, whose signals are ours to hear."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to whoever started us, who lets what runs come to its end first."""
        yield

    def end(self) -> None:
        """Take no more connections, and end once those that are open are done, or have had their time."""
        self.should_exit = True


def opened(address: str, port: int) -> socket.socket:
    """Return a socket that listens. port 0: any that is free. Raises AddressTaken."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        door = socket.create_server((address, port), family=family, backlog=512)
    except OSError as refused:
        raise AddressTaken(address, port, refused.strerror or str(refused)) from None
    # asyncio does it only for sockets that it made itself; without it each answer on a kept connection waits 40 ms
    door.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return door


def files(folder: Path, address: str, *, is_local: bool) -> TlsFiles | None:
    """Return certificate and key, checked against each other; None on loopback, where none lie there.

    Raises CertificateMissing, CertificateUnusable.
    """
    tls = TlsFiles(folder / "cert.pem", folder / "key.pem")
    if not tls.certificate.exists():
        if is_local:
            return None
        raise CertificateMissing(address, tls.certificate)
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(tls.certificate, tls.key, password=_no_password)
    except (OSError, ValueError) as wrong:
        why = getattr(wrong, "reason", None) or getattr(wrong, "strerror", None) or "they do not belong together"
        raise CertificateUnusable(tls.certificate, str(why)) from None
    return tls


def make(gateway: Gateway, tls: TlsFiles | None) -> Listener:
    """Return what serves a gateway on a socket that is open: `await listener.serve([socket])`."""
    config = uvicorn.Config(
        gateway,
        log_config=None,
        access_log=False,
        lifespan="off",
        ws="none",
        server_header=False,
        proxy_headers=False,
        limit_concurrency=_CONNECTIONS,
        timeout_graceful_shutdown=_LAST_S,
        ssl_certfile=None if tls is None else str(tls.certificate),
        ssl_keyfile=None if tls is None else str(tls.key),
    )
    return Listener(config)


def _no_password() -> str:
    """A key that wants a password cannot be opened by a service; without this OpenSSL would ask at the terminal."""
    return ""
