"""Truncation: how many answers were cut off, known by their finish reason and never by their looks (legacy §6.7).

hits: answers that ended at the token limit or at the deadline. n: all answers.
"""

from __future__ import annotations

from sage_edge.names import Slug
from sage_edge.records.transcript import Transcript
from sage_edge.scorers.base import Scorer, rules

_CUT = ("length", "deadline")


def _score(transcript: Transcript) -> tuple[int, int]:
    reasons = [turn.finish_reason for _, turn in transcript.answers()]
    return sum(reason in _CUT for reason in reasons), len(reasons)


TRUNCATION = Scorer(
    id=Slug("truncation"),
    version=1,
    tracks=("primary", "training"),
    rules=rules({"finish_reasons": _CUT}),
    score=_score,
)
