"""What every verb of the helper works with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from sage_edge.host.board_paths import Places
from sage_edge.host.journal import DeployJournal
from sage_edge.host.machine import LocalEngine

Request = Mapping[str, Any]
VerbAnswer = Mapping[str, Any]


class HelperContext(NamedTuple):
    """A board's places and engine, this helper's digest, and a voice for progress."""

    places: Places
    engine: LocalEngine
    helper: str
    log: Callable[[str], None]

    @property
    def journal(self) -> DeployJournal:
        return DeployJournal(self.places.journal, self.places.root)

    def note(self, request: Request, action: str, detail: str) -> str:
        """Write a line of the audit and return the chain's new head."""
        from sage_edge.host import audit

        return audit.note(self.places.audit, str(request.get("who", "the board itself")), action, detail)


Verb = Callable[[HelperContext, Request], VerbAnswer]
"""What answers one request; raises Refusal."""
