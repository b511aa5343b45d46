"""Marks as columns: a corpus has hundreds of them a session, so they are put together without a row of each."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field

import pydantic_core

from sage_edge.scorers.base import Scorer


@dataclass
class MarkColumns:
    """The columns of `measures`. names, sessions: each once; name_at, session_at: for each mark its place in those."""

    names: list[tuple[str, int, str, str, str]] = field(default_factory=list)
    sessions: list[str] = field(default_factory=list)
    name_at: array[int] = field(default_factory=lambda: array("i"))
    session_at: array[int] = field(default_factory=lambda: array("i"))
    turns: list[int] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    _places: dict[tuple[str, str], int] = field(default_factory=dict)

    def add(self, session: str, scorer: Scorer, marks: str) -> None:
        """Add what a scorer marked in one session. marks: as the cache keeps them, quantity → [[turn, value], …]."""
        if not self.sessions or self.sessions[-1] != session:
            self.sessions.append(session)
        at = len(self.sessions) - 1
        for quantity, pairs in pydantic_core.from_json(marks).items():
            if pairs:
                turns, values = zip(*pairs, strict=True)
                self.turns.extend(turns)
                self.values.extend(values)
                self.name_at.extend(array("i", (self._place(scorer, quantity),)) * len(pairs))
                self.session_at.extend(array("i", (at,)) * len(pairs))

    def _place(self, scorer: Scorer, quantity: str) -> int:
        key = scorer.definition, quantity
        if key not in self._places:
            self._places[key] = len(self.names)
            kind = scorer.quantities[quantity]
            self.names.append((scorer.id, scorer.version, quantity, kind, scorer.definition))
        return self._places[key]


def of(texts: Sequence[tuple[str, Scorer, str]]) -> MarkColumns:
    """Return the marks of some sessions. texts: seal, scorer and marks, session by session."""
    columns = MarkColumns()
    for session, scorer, marks in texts:
        columns.add(session, scorer, marks)
    return columns
