"""What every verb of the helper works with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from sage_edge.host.board_paths import Places
from sage_edge.host.journal import Journal
from sage_edge.host.lease import Lock
from sage_edge.host.machine import Engine

Request = Mapping[str, Any]
Answer = Mapping[str, Any]


class Desk(NamedTuple):
    """A board's places and engine, this helper's digest, and a voice for progress."""

    places: Places
    engine: Engine
    helper: str
    tell: Callable[[str], None]

    @property
    def lock(self) -> Lock:
        return Lock(self.places.lock, self.places.root)

    @property
    def journal(self) -> Journal:
        return Journal(self.places.journal, self.places.root)
