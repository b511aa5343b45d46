"""The first question to a board, which needs nothing but a connection: it is asked before much else is loaded here."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from sage_edge.remote.board import helper_zipapp
from sage_edge.remote.ssh.client import Remote
from sage_edge.shell import Result

PROBE_S = 30.0


@dataclass(frozen=True)
class Early:
    """What the helper answered to a probe. at: when, in seconds since 1970."""

    ran: Result
    at: float


def probe(remote: Remote, hear: Callable[[str], None] = lambda _: None) -> Early:
    """Ask a board what is so; whether its answer makes sense is for others. Raises Unreachable."""
    asked = time.time()
    ran = remote.run(helper_zipapp.AS_ROOT, *helper_zipapp.CALL, "probe", stdin=b"{}", timeout_s=PROBE_S, hear=hear)
    return Early(ran, (asked + time.time()) / 2)
