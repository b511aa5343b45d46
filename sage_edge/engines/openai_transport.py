"""HTTP that hears a deadline while the other side is silent: it reads in short slices, and asks in between.

One connection for each question, no proxy, no redirect: a token goes to whom it was declared for, and nowhere else.
"""

from __future__ import annotations

import errno
import math
import os
import select
import socket
import ssl
import time
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, TypeVar

import httpcore2
import httpx2

from sage_edge.engines.base import Deadline
from sage_edge.records.transcript import FinishReason

SLICE_S = 0.05
_CONNECT_S = 5.0
_WRITE_S = 5.0
_T = TypeVar("_T")


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
    """A connection that asks for the deadline between short waits: for bytes, for room, for the other side's hello."""

    def __init__(self, connection: socket.socket, patience: Patience) -> None:
        connection.settimeout(SLICE_S)
        self._socket, self._patience = connection, patience

    def _patiently(
        self, step: Callable[[], _T], timeout: float | None, late: type[Exception], lost: type[Exception]
    ) -> _T:
        until = math.inf if timeout is None else time.monotonic() + timeout
        while True:
            self._patience.check()
            try:
                return step()
            except TimeoutError:
                if time.monotonic() >= until:
                    raise late("it is silent") from None
            except OSError as broken:
                raise lost(str(broken)) from broken

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._patiently(
            lambda: self._socket.recv(max_bytes), timeout, httpcore2.ReadTimeout, httpcore2.ReadError
        )

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        at = 0
        while at < len(buffer):
            rest = memoryview(buffer)[at:]
            at += self._patiently(
                partial(self._socket.send, rest), timeout, httpcore2.WriteTimeout, httpcore2.WriteError
            )

    def close(self) -> None:
        self._socket.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        greeting = ssl_context.wrap_socket(self._socket, server_hostname=server_hostname, do_handshake_on_connect=False)
        stream = _PatientStream(greeting, self._patience)
        try:
            self._patiently(greeting.do_handshake, timeout, httpcore2.ConnectTimeout, httpcore2.ConnectError)
        except BaseException:
            stream.close()
            raise
        return stream

    def get_extra_info(self, info: str) -> Any:
        if info == "ssl_object" and isinstance(self._socket, ssl.SSLSocket):
            return self._socket
        return self._socket if info == "socket" else None


class _PatientBackend(httpcore2.NetworkBackend):
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
        refusal = OSError(f"{host} has no address")
        try:
            for family, kind, protocol, _, place in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
                connection = socket.socket(family, kind, protocol)
                try:
                    self._connect(connection, place, timeout or _CONNECT_S)
                    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    return _PatientStream(connection, self._patience)
                except OSError as refused:
                    connection.close()
                    refusal = refused
                except GivenUp:
                    connection.close()
                    raise
        except OSError as unknown:
            refusal = unknown
        raise httpcore2.ConnectError(str(refusal)) from refusal

    def _connect(self, connection: socket.socket, place: Any, timeout: float) -> None:
        """Connect, asking for the deadline in between. Raises OSError, GivenUp."""
        connection.setblocking(False)
        code, until = connection.connect_ex(place), time.monotonic() + timeout
        waiting = select.poll()
        waiting.register(connection, select.POLLOUT)
        while code == errno.EINPROGRESS:
            self._patience.check()
            if time.monotonic() >= until:
                code = errno.ETIMEDOUT
            elif waiting.poll(SLICE_S * 1000):
                code = connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if code:
            raise OSError(code, os.strerror(code))


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
        headers["authorization"] = f"Bearer {token}"
    return httpx2.Client(
        transport=_PatientTransport(trusted, patience),
        headers=headers,
        timeout=httpx2.Timeout(None, connect=_CONNECT_S, write=_WRITE_S),
        trust_env=False,
        follow_redirects=False,
    )
