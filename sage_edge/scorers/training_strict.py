"""Strict training score: how many exercises of a training session were answered as expected.

hits: judged answers that meet the typed expectation of their exercise (`matching`). n: judged answers. An exercise
whose turn failed, or that was never asked, is no answer and is not in n: compare n with the lesson's exercises.
Successor of E1-strict in legacy §5.5; no substrings, and never judged by a model.
"""

from __future__ import annotations

from sage_edge.names import Slug
from sage_edge.records.transcript import Transcript
from sage_edge.scorers import matching
from sage_edge.scorers.base import Scorer, rules


def _score(transcript: Transcript) -> tuple[int, int]:
    judged = [
        matching.meets(step.expect, turn.reply, transcript.head.mind)
        for step, turn in transcript.answers()
        if step.kind == "exercise" and step.expect is not None
    ]
    return sum(judged), len(judged)


TRAINING_STRICT = Scorer(
    id=Slug("training-strict"),
    version=1,
    tracks=("training",),
    rules=rules(matching.RULES),
    score=_score,
)
