"""A source of scores that a test makes up, and claims about them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sage_edge import files, scorers
from sage_edge.analysis.claims.declarations import Claims
from sage_edge.analysis.claims.evaluate import test as test_claims
from sage_edge.analysis.series import Point, Series
from sage_edge.names import FIRST_LETTERS, SessionId, Slug, Track
from sage_edge.records.claim import ClaimFinding
from sage_edge.scorers import Mark

Scores = Mapping[int, Sequence[float]]
"""Session number → the scores of its answers."""

_TELLING = {
    "statement": "Something is so.",
    "source": "a test",
    "scope": "law",
    "as_stated": "so",
    "comparison": "at-least",
    "threshold": 0.5,
}


class Shelf:
    """Gives out the series that it was given; asked for another one, it fails."""

    def __init__(self, remarks: Mapping[int, str] | None = None, **told: Scores) -> None:
        self.remarks = remarks or {}
        self.told = {name.replace("__", "/1 ").replace("_", "-"): scores for name, scores in told.items()}

    def series(self, scorer: str, version: int, quantity: str, track: Track) -> Series:
        """Return a quantity's scores."""
        found = scorers.find(scorer, version)
        if found is None:
            raise AssertionError(f"no scorer {scorer}/{version}")
        scores = self.told[f"{scorer}/{version} {quantity}"]
        points = tuple(self._point(track, number, scores[number]) for number in sorted(scores) if scores[number])
        return Series(
            Slug(scorer), version, Slug(quantity), found.quantities[quantity], found.definition, track, points
        )

    def _point(self, track: Track, number: int, values: Sequence[float]) -> Point:
        label = str(SessionId.of(FIRST_LETTERS[track], number))
        return Point(
            number=number,
            label=label,
            seal=files.digest(label.encode()),
            started=None,
            unit="phase relating",
            intervention="observe/1",
            marks=tuple(Mark(turn, value) for turn, value in enumerate(values, start=1)),
            remarks=(self.remarks[number],) if number in self.remarks else (),
        )


def declare(timings: Mapping[str, Any] | None = None, **claims: Mapping[str, Any]) -> Claims:
    """Return declared claims; what one does not say is filled in."""
    told = {name.replace("_", "-"): _TELLING | dict(claim) for name, claim in claims.items()}
    return Claims.model_validate({"format": 1, "seed": 7, "timings": timings or {}, "claims": told})


def judge(shelf: Shelf, **claim: Any) -> ClaimFinding:
    """Return what becomes of one claim."""
    (found,) = test_claims(declare(it={"track": "primary", **claim}), shelf, ())
    return found
