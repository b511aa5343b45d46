"""Read the agent's heartbeat, and tell whose it is: that of a container before is no sign of life of the one that runs.

/srv/sage/state/heartbeat.json    written by the agent (sage_edge.agent.heartbeat)
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from sage_edge.host import foreign_file
from sage_edge.host.clock import SKEW_S, Instant, now_s

_MOST_BYTES = 8192
_IN_SECONDS = len("2026-11-20T06:00:00")


class Beat(NamedTuple):
    """The newest heartbeat. written: its file's mtime; content: what it says, nothing where it is no JSON object.

    mark: changes with every beat, whatever the clock does.
    """

    written: float
    mark: str
    content: Mapping[str, Any]

    def age_s(self, now: Instant) -> float:
        """Seconds since it was written; negative: it is of the future. now: in a boot as the kernel calls it.

        An older agent writes no boot: its file's mtime says when it was.
        """
        boot, awake_s = self.content.get("boot"), self.content.get("awake_s")
        if isinstance(boot, str) and isinstance(awake_s, (int, float)):
            return Instant(self.written, boot, awake_s).age_s(now)
        return Instant(self.written).age_s(now)

    @property
    def failing(self) -> list[str] | None:
        """Why the agent's last wake failed: nothing or one message; None: it does not say."""
        if "failing" not in self.content:
            return None
        reason = self.content["failing"]
        return [] if reason is None else [str(reason)]

    @property
    def clock_doubt(self) -> list[str] | None:
        """Why the agent does not believe its clock: nothing or one sentence; None: it does not say."""
        if "clock_doubt" not in self.content:
            return None
        doubt = self.content["clock_doubt"]
        return [] if doubt is None else [str(doubt)]

    def is_of(self, container: Mapping[str, Any], release: str | None = None) -> bool:
        """True if a container wrote it, given the engine's full answer. release: the one that it must be of, too.

        An older agent does not say who it is; then the file's age against the container's start decides.
        """
        writer = self.content.get("container")
        if writer is None:
            return _started(container) <= self.written <= now_s() + SKEW_S
        is_own = writer == (container.get("Config") or {}).get("Hostname")
        return is_own and (release is None or self.content.get("release") == release)


def read(state: Path) -> Beat | None:
    """Return the heartbeat below a state folder, None without one."""
    try:
        content, status = foreign_file.read(state / "heartbeat.json", _MOST_BYTES)
    except OSError:
        return None
    mark = f"{status.st_ino} {status.st_mtime_ns} {status.st_ctime_ns}"
    try:
        document = json.loads(content)
    except ValueError:
        document = None
    return Beat(status.st_mtime, mark, document if isinstance(document, dict) else {})


def _started(container: Mapping[str, Any]) -> float:
    """Seconds since 1970, whole; an engine that says nothing of it started it just now."""
    text = str((container.get("State") or {}).get("StartedAt", ""))[:_IN_SECONDS]
    try:
        return datetime.fromisoformat(f"{text}+00:00").timestamp()
    except ValueError:
        return float("inf")
