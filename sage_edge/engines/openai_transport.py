"""HTTP that hears a deadline while the other side is silent: it reads in short slices, and asks in between.

One connection for each question, no proxy, no redirect: a token goes to whom it was declared for, and nowhere else.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterable
from typing import Any

import httpcore2
import httpx2

from sage_edge.engines.base import Deadline
from sage_edge.records.transcript import FinishReason

SLICE_S = 0.05
_CONNECT_S = 5.0
_WRITE_S = 5.0
_SECRET = "authorization"  # noqa: S105  a header's name


class GivenUp(Exception):
    """The deadline passed, or a stop was asked for. reason: which of them."""

    def __init__(self, reason: FinishReason) -> None:
        self.reason: FinishReason = reason
        super().__init__(reason)


class Patience:
    """The deadline of the question that is being asked."""

    def __init__(self) -> None:
        self.deadline = Deadline(0)

    def check(self) -> None:
        """Raise GivenUp where the deadline has passed."""
        if (reason := self.deadline.passed()) is not None:
            raise GivenUp(reason)

    def wait(self, seconds: float) -> None:
        """Return after so many seconds. Raises GivenUp."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self.check()
            time.sleep(min(SLICE_S, left))


class _PatientStream(httpcore2.NetworkStream):
    """A connection whose reads ask for the deadline."""

    def __init__(self, stream: httpcore2.NetworkStream, patience: Patience) -> None:
        self._stream, self._patience = stream, patience

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        while True:
            self._patience.check()
            try:
                return self._stream.read(max_bytes, timeout=SLICE_S)
            except httpcore2.ReadTimeout:
                continue

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, timeout)

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        return _PatientStream(self._stream.start_tls(ssl_context, server_hostname, timeout), self._patience)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class _PatientBackend(httpcore2.SyncBackend):
    """Makes such connections."""

    def __init__(self, patience: Patience) -> None:
        self._patience = patience

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        self._patience.check()
        stream = super().connect_tcp(host, port, timeout, local_address, socket_options)
        return _PatientStream(stream, self._patience)


class _PatientTransport(httpx2.HTTPTransport):
    """httpx2's own transport over such connections, each of which serves one question."""

    def __init__(self, trusted: ssl.SSLContext, patience: Patience) -> None:
        super().__init__(verify=trusted, trust_env=False)
        self._pool = httpcore2.ConnectionPool(
            ssl_context=trusted, max_keepalive_connections=0, network_backend=_PatientBackend(patience)
        )


def client(trusted: ssl.SSLContext, patience: Patience, token: str | None) -> httpx2.Client:
    """Return a client whose questions end when the patience does, by GivenUp. token: is sent with each of them."""
    headers = {"user-agent": "sage-edge", "accept-encoding": "identity"}
    if token is not None:
        headers[_SECRET] = f"Bearer {token}"
    return httpx2.Client(
        transport=_PatientTransport(trusted, patience),
        headers=headers,
        timeout=httpx2.Timeout(None, connect=_CONNECT_S, write=_WRITE_S),
        trust_env=False,
        follow_redirects=False,
    )
