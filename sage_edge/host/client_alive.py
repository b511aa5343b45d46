"""Check that the client still waits for the answer: a workstation that is gone must not have a board switched later."""

from __future__ import annotations

import select

from sage_edge.host.errors import HOST, Refusal, invoke

_GONE = select.POLLERR | select.POLLHUP | select.POLLNVAL


def require_client(handle: int = 1) -> None:
    """Raise Refusal when nobody reads what we write there any more. A pipe tells; a file or a terminal never does."""
    watched = select.poll()
    watched.register(handle, 0)
    if any(event & _GONE for _, event in watched.poll(0)):
        raise Refusal("asker-gone", "whoever asked for it is gone", "again: ", invoke("deploy", host=HOST))
