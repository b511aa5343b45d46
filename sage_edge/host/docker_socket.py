"""A GET over the Docker engine's Unix socket, by the standard library's HTTP client."""

from __future__ import annotations

import socket
from http.client import HTTPConnection, HTTPException

MOST_BYTES = 64 << 20
"""What a board's engine lists is kilobytes; an answer that is longer is none."""


class _UnixConnection(HTTPConnection):
    def __init__(self, path: str, timeout_s: float) -> None:
        super().__init__("docker", timeout=timeout_s)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def get(path: str, place: str, timeout_s: float) -> tuple[int, bytes]:
    """Return (status, body). timeout_s: for each wait. Raises OSError, also for what is no HTTP or too long."""
    connection = _UnixConnection(path, timeout_s)
    try:
        connection.request("GET", place, headers={"Connection": "close"})
        response = connection.getresponse()
        body = response.read(MOST_BYTES + 1)
    except HTTPException as odd:
        raise OSError(f"it does not speak HTTP: {odd!r:.200}") from None
    finally:
        connection.close()
    if len(body) > MOST_BYTES:
        raise OSError(f"its answer is longer than {MOST_BYTES >> 20} MiB")
    return response.status, body
