"""What a scorer is, and what it makes of a session: numbers that can be reproduced and doubted.

    Scorer ── score(dialogue, earlier) ──► {quantity: marks} ── measures ──► records.study.Measure

A mark is one number about one answer. There is no way from marks to a number for people except through `measures`,
which writes the scorer's id, version and definition beside it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple

from sage_edge import files
from sage_edge.names import Digest, Slug, Track
from sage_edge.records.dialogue import Dialogue
from sage_edge.records.study import Measure
from sage_edge.scorers.interval import mean_interval, wilson

QuantityKind = Literal["rate", "mean", "whole"]
"""rate: every mark is 0 or 1. mean: every mark in [0, 1]. whole: one mark about the session, with turn 0."""


class Mark(NamedTuple):
    """One number in [0, 1] about one answer, named by its turn (from 1), or about the session (turn 0)."""

    turn: int
    value: float


Marks = Mapping[str, Sequence[Mark]]
Score = Callable[[Dialogue, Sequence[Dialogue]], Marks]
"""(a session, the sessions before it) → marks of each quantity. Only answers count, never failed turns."""


@dataclass(frozen=True)
class Scorer:
    """A rule that turns answers into numbers.

    tracks: whose sessions it applies to. quantities: the names it gives its numbers, and what kind each is.
    rules: the words and patterns it goes by, as canonical JSON. context: how many sessions before this one, of the same
    host and track, `score` looks at; they come oldest first.
    """

    id: Slug
    version: int
    tracks: tuple[Track, ...]
    quantities: Mapping[str, QuantityKind]
    rules: str
    score: Score
    context: int = 0

    @cached_property
    def definition(self) -> Digest:
        """SHA-256 over id, version and rules: two numbers are comparable only if it is the same."""
        return files.digest(f"{self.id} v{self.version} {self.rules}".encode())

    def applies(self, dialogue: Dialogue) -> bool:
        """True if it measures sessions of this track."""
        return dialogue.track in self.tracks


def rules(content: Mapping[str, object]) -> str:
    """Return the rules of a scorer as canonical JSON."""
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def measures(scorer: Scorer, marks: Marks) -> tuple[Measure, ...]:
    """Return what a scorer's marks say, one measure per quantity, each with its 95 % interval."""
    return tuple(_measure(scorer, name, kind, marks.get(name, ())) for name, kind in scorer.quantities.items())


def measure(scorer: Scorer, dialogue: Dialogue, earlier: Sequence[Dialogue] = ()) -> tuple[Measure, ...]:
    """Return what a scorer finds in a session."""
    return measures(scorer, scorer.score(dialogue, earlier[len(earlier) - min(scorer.context, len(earlier)) :]))


def _measure(scorer: Scorer, name: str, kind: QuantityKind, marks: Sequence[Mark]) -> Measure:
    values = [mark.value for mark in marks]
    n = len(values)
    hits = round(sum(values)) if kind == "rate" else None
    low, high = wilson(hits, n) if hits is not None else mean_interval(values)
    return Measure(
        scorer=scorer.id,
        version=scorer.version,
        quantity=Slug(name),
        definition=scorer.definition,
        n=n,
        hits=hits,
        value=sum(values) / n if n else None,
        low=None if kind == "whole" else low,
        high=None if kind == "whole" else high,
    )
