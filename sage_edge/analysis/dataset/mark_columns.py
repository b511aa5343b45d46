"""Marks as columns: a corpus has hundreds of them a session, so they are put together without a row of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from sage_edge.analysis.corpus.scoring import flat_marks_from
from sage_edge.scorers.base import Scorer


@dataclass
class MarkColumns:
    """The columns of `measures`, as runs: what one scorer's quantity is in one session, mark by mark.

    names, sessions: each once; name_at, session_at: for each run its place in those; lengths: how many marks it has.
    """

    names: list[tuple[str, int, str, str, str]] = field(default_factory=list)
    sessions: list[str] = field(default_factory=list)
    name_at: list[int] = field(default_factory=list)
    session_at: list[int] = field(default_factory=list)
    lengths: list[int] = field(default_factory=list)
    turns: list[float] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    _places: dict[str, dict[str, int]] = field(default_factory=dict)

    def add(self, session: str, scorer: Scorer, marks: str) -> None:
        """Add what a scorer marked in one session. marks: as the cache keeps them, quantity → [[turn, value], …]."""
        if not self.sessions or self.sessions[-1] != session:
            self.sessions.append(session)
        at = len(self.sessions) - 1
        places = self._places.get(scorer.definition) or self._placed(scorer)
        for quantity, flat in flat_marks_from(marks).items():
            if flat:
                self.name_at.append(places[quantity])
                self.session_at.append(at)
                self.lengths.append(len(flat) // 2)
                self.turns += flat[::2]
                self.values += flat[1::2]

    def _placed(self, scorer: Scorer) -> dict[str, int]:
        places = {quantity: len(self.names) + place for place, quantity in enumerate(scorer.quantities)}
        self.names += [
            (scorer.id, scorer.version, quantity, kind, scorer.definition)
            for quantity, kind in scorer.quantities.items()
        ]
        self._places[scorer.definition] = places
        return places


def of(texts: Sequence[tuple[str, Scorer, str]]) -> MarkColumns:
    """Return the marks of some sessions. texts: seal, scorer and marks, session by session."""
    columns = MarkColumns()
    for session, scorer, marks in texts:
        columns.add(session, scorer, marks)
    return columns
