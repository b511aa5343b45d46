"""What a person asks of a rollout, and what came of it on one host."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Options:
    """cut: do not wait for a running session. The others are seconds."""

    cut: bool = False
    session_s: float = 3600
    health_s: float = 300
    revert_s: int = 900

    def patience(self) -> Mapping[str, Any]:
        """What the helper is told."""
        return {"cut": self.cut, "session_s": self.session_s, "health_s": self.health_s, "revert_s": self.revert_s}


@dataclass(frozen=True)
class Outcome:
    """What became of one host. running: the image that serves now, as the board reports it."""

    host: str
    release: str
    changed: bool
    canary: str = ""
    running: Mapping[str, Any] | None = None
    steps: tuple[str, ...] = field(default=())
