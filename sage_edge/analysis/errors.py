"""Errors of the analysis."""

from __future__ import annotations

from sage_edge.errors import SageError


class SessionChanged(SageError):
    """A transcript is not the one that was measured."""

    def __init__(self, place: str) -> None:
        self.place = place
        super().__init__(f"{place} was changed since it was measured", hint="do it again: it will be measured anew")
