"""Read the last log lines of the agent's container."""

from __future__ import annotations

import re

from sage_edge.host import machine
from sage_edge.host.errors import HOST, ExitStatus, Refusal, SuggestedCommand, invoke
from sage_edge.host.service import AGENT_CONTAINER

MOST = 10_000
_SINCE = re.compile(r"\d+[smhd]|\d{4}-\d\d-\d\dT[0-9:.]+Z?")


def read(n: int, since: str | None, grep: str | None) -> list[str]:
    """Return at most `n` lines, oldest first. since: like `10m` or a time in UTC. grep: plain text to be contained."""
    if not 1 <= n <= MOST:
        raise _unfit(f"expected 1 to {MOST} lines, got {n}", invoke("logs", host=HOST))
    if since is not None and not _SINCE.fullmatch(since):
        what = f"expected a time like 10m or 2026-11-20T06:00:00Z, got {since!r:.40}"
        raise _unfit(what, invoke("logs", host=HOST, since="10m"))
    tail = str(MOST if grep else n)
    words = ["docker", "logs", "--timestamps", "--tail", tail, *(["--since", since] if since else [])]
    ran = machine.run((*words, AGENT_CONTAINER), timeout_s=30)
    machine.require_installed(ran)
    if ran.code != 0:
        raise Refusal("no-logs", f"there are no logs: {ran.tail}", "deploy first: ", invoke("deploy", host=HOST))
    lines = sorted((ran.out + ran.err).splitlines())  # both streams, each line begins with its time
    return [line for line in lines if grep is None or grep in line][-n:]


def _unfit(what: str, example: SuggestedCommand) -> Refusal:
    return Refusal("usage", what, example, code=ExitStatus.USAGE)
