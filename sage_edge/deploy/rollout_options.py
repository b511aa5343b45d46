"""What a person asks of a rollout, and what came of it on one host.

Apart from `rollout`, because a task that deploys needs these before it connects, and all the rest only once a board has
answered.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class RolloutTimeouts:
    """How long the board waits, in seconds: for a session, for health, and until it reverts by itself.

    cut: do not wait for a running session. The board's helper has no defaults of its own.
    """

    session_s: float = 3600
    health_s: float = 300
    revert_s: int = 900
    cut: bool = False


@dataclass(frozen=True)
class RolloutOutcome:
    """What became of one host. running: the image that serves now, as the board reports it."""

    host: str
    release: str
    changed: bool
    canary: str = ""
    running: Mapping[str, Any] | None = None
    steps: tuple[str, ...] = ()
