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


class AgreedShare(NamedTuple):
    """`hits` of `n` answers, and the 95 % interval of the rate; its source says how sessions are allowed for."""

    hits: int
    n: int
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.hits / self.n:.2f} ({self.low:.2f} to {self.high:.2f}; {self.hits} of {self.n})"


@dataclass(frozen=True)
class ReaderEvidence:
    """How well a rate agrees with two readers who labelled the same answers apart from each other and from its rule.

    asked: what the readers judged. sample: the labelled answers, below `tests/cases/labels`. answers, sessions and
    disputed: of the half on which the rule was not tuned; what the readers dispute is left out of precision and recall.
    kappa: Cohen's, over both halves, with its 95 % interval (sessions drawn anew 2,000 times).
    """

    quantity: str
    asked: str
    sample: str
    answers: int
    sessions: int
    disputed: int
    precision: AgreedShare
    recall: AgreedShare
    kappa: tuple[float, float, float]

    def __str__(self) -> str:
        kappa, low, high = self.kappa
        return (
            f"{self.quantity}, against two readers asked whether {self.asked}: precision {self.precision}, recall "
            f"{self.recall}; {self.answers} answers of {self.sessions} sessions unseen by its author, {self.disputed} "
            f"disputed; the readers agree by kappa {kappa:.2f} ({low:.2f} to {high:.2f}); sample {self.sample}"
        )


@dataclass(frozen=True)
class Scorer:
    """A rule that turns answers into numbers.

    tracks: whose sessions it applies to. quantities: the names it gives its numbers, and what kind each is.
    rules: the words and patterns it goes by, as canonical JSON. context: how many sessions before this one, of the same
    host and track, `score` looks at; they come oldest first. evidence: how well it agrees with careful readers, where
    that was measured; it is no part of the definition.
    """

    id: Slug
    version: int
    tracks: tuple[Track, ...]
    quantities: Mapping[str, QuantityKind]
    rules: str
    score: Score
    context: int = 0
    evidence: tuple[ReaderEvidence, ...] = ()

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
