"""One line and some counters for each request; never its words. The door to prometheus-client.

    {"at": "2026-12-01T06:00:00Z", "id": "…", "path": "/v1/chat/completions", "status": 200, "outcome": "ok",
     "prompt_tokens": 13, "completion_tokens": 5, "seconds": 0.412}

outcome: `ok`, the code of the error, or `left` where the client had gone before its answer was whole.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from sage_edge.clock import SystemClock, text
from sage_edge.serve.answer import TokenCount

HEALTH = "/health"
_SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)


@dataclass
class RequestAccount:
    """What is known of one request so far; its line is written once, at its end."""

    path: str
    id: str = ""
    status: int = 0
    outcome: str = "ok"
    tokens: TokenCount = field(default_factory=TokenCount)
    begun: float = field(default_factory=time.monotonic)


class Accounts:
    """Counters of one gateway. write: takes one line of JSON; waiting, is_up: asked when somebody reads them."""

    def __init__(self, write: Callable[[str], None], waiting: Callable[[], int], is_up: Callable[[], bool]) -> None:
        self._write, self._clock = write, SystemClock()
        self._registry = CollectorRegistry()
        self._requests = Counter("sage_requests", "Requests by status.", ["status"], registry=self._registry)
        self._tokens = Counter("sage_tokens", "Tokens read and drawn.", ["kind"], registry=self._registry)
        self._seconds = Histogram(
            "sage_seconds", "From a request to its end.", registry=self._registry, buckets=_SECONDS
        )
        self._starts = Counter("sage_server_starts", "How often the server came up.", registry=self._registry)
        Gauge("sage_waiting", "Requests that wait.", registry=self._registry).set_function(waiting)
        Gauge("sage_server_up", "Whether the server answers.", registry=self._registry).set_function(is_up)

    def close(self, account: RequestAccount) -> None:
        """Count one request, and write its line; whoever looks every few seconds whether we live gets none."""
        seconds = time.monotonic() - account.begun
        self._requests.labels(str(account.status)).inc()
        self._seconds.observe(seconds)
        for kind, count in (("prompt", account.tokens.prompt), ("completion", account.tokens.completion)):
            self._tokens.labels(kind).inc(count or 0)
        line = {
            "at": text(self._clock.now()),
            "id": account.id,
            "path": account.path,
            "status": account.status,
            "outcome": account.outcome,
            "prompt_tokens": account.tokens.prompt,
            "completion_tokens": account.tokens.completion,
            "seconds": round(seconds, 3),
        }
        if account.path != HEALTH:
            self._write(json.dumps(line))

    def server_started(self) -> None:
        """Count a start of the model's server."""
        self._starts.inc()

    def page(self) -> bytes:
        """All counters as Prometheus reads them."""
        return generate_latest(self._registry)
