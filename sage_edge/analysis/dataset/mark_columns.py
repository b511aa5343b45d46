"""Marks as columns: a corpus has hundreds of them a session, so they are put together without a row of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sage_edge.analysis.corpus.scoring import flat_marks_from
from sage_edge.scorers.base import Scorer

_AT_ONCE = 100
"""Texts that are parsed in one go: few enough for the processor's cache."""


@dataclass
class MarkColumns:
    """The columns of `measures`, as runs: what one scorer's quantity is in one session, mark by mark.

    names, sessions: each once; name_at, session_at: for each run its place in those; lengths: how many marks it has.
    marks: turn, value, turn, value, …
    """

    names: list[tuple[str, int, str, str, str]] = field(default_factory=list)
    sessions: list[str] = field(default_factory=list)
    name_at: list[int] = field(default_factory=list)
    session_at: list[int] = field(default_factory=list)
    lengths: list[int] = field(default_factory=list)
    marks: list[float] = field(default_factory=list)
    _places: dict[str, dict[str, int]] = field(default_factory=dict)

    @property
    def turns(self) -> list[float]:
        """The turn of each mark."""
        return self.marks[::2]

    @property
    def values(self) -> list[float]:
        """The value of each mark."""
        return self.marks[1::2]

    def add(self, session: str, scorer: Scorer, marks: Mapping[str, list[float]]) -> None:
        """Add what a scorer marked in one session. marks: quantity → turn, value, turn, value, …"""
        if not self.sessions or self.sessions[-1] != session:
            self.sessions.append(session)
        at = len(self.sessions) - 1
        places = self._places.get(scorer.definition) or self._placed(scorer)
        for quantity, flat in marks.items():
            if flat:
                self.name_at.append(places[quantity])
                self.session_at.append(at)
                self.lengths.append(len(flat) // 2)
                self.marks += flat

    def _placed(self, scorer: Scorer) -> dict[str, int]:
        places = {quantity: len(self.names) + place for place, quantity in enumerate(scorer.quantities)}
        self.names += [
            (scorer.id, scorer.version, quantity, kind, scorer.definition)
            for quantity, kind in scorer.quantities.items()
        ]
        self._places[scorer.definition] = places
        return places


def of(texts: Sequence[tuple[str, Scorer, bytes]]) -> MarkColumns:
    """Return the marks of some sessions. texts: seal, scorer and marks, as the cache keeps them, session by session."""
    columns = MarkColumns()
    for start in range(0, len(texts), _AT_ONCE):
        some = texts[start : start + _AT_ONCE]
        for (session, scorer, _), marks in zip(some, flat_marks_from(text for _, _, text in some), strict=True):
            columns.add(session, scorer, marks)
    return columns
