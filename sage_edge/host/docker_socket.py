"""A GET over the Docker engine's Unix socket, as HTTP/1.0: the answer is a head and a body, and ends with the line.

An engine sends nothing in chunks to who asks in 1.0, so no more than its first line has to be understood; a body that
was cut off is no JSON. The standard library's client took a third of a probe's time to load.
"""

from __future__ import annotations

import re
import socket

MOST_BYTES = 64 << 20
"""What a board's engine lists is kilobytes; an answer that is longer is none."""

_PIECE = 1 << 16
_STATUS = re.compile(rb"HTTP/1\.[01] (\d{3})\b")


def get(path: str, place: str, timeout_s: float) -> tuple[int, bytes]:
    """Return (status, body). timeout_s: for each wait. Raises OSError, also for what is no HTTP or too long."""
    answer = bytearray()
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(timeout_s)
        line.connect(path)
        line.sendall(f"GET {place} HTTP/1.0\r\nHost: docker\r\n\r\n".encode("ascii"))
        while piece := line.recv(_PIECE):
            answer += piece
            if len(answer) > MOST_BYTES:
                raise OSError(f"its answer is longer than {MOST_BYTES >> 20} MiB")
    head, _, body = bytes(answer).partition(b"\r\n\r\n")
    status = _STATUS.match(head)
    if status is None:
        raise OSError(f"it does not speak HTTP: {head[:60]!r}")
    return int(status[1]), body
