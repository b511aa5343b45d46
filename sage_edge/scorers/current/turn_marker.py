"""turn-marker/1: in how many answers the mind went on to speak for somebody else.

rate     1 for an answer that ended because the mind drew a sign that begins a turn, by its finish reason; an answer
         whose finish reason is not known is not counted

What it would have said for the other stands nowhere: the engine ends there. The answer itself is the mind's own word,
whole, and every scorer takes it as one, as it takes an answer that a limit cut off.

Source: ours. A model that was trained on whole talks goes on with the next speaker where it should end its turn.
Weakness: it knows signs of the model's own vocabulary alone; a mind that writes "Teacher:" in letters is not seen.
"""

from __future__ import annotations

from collections.abc import Sequence

from sage_edge.names import Slug
from sage_edge.records.dialogue import Dialogue
from sage_edge.scorers.base import Mark, Marks, Scorer, rules

_MARKER = "turn-marker"


def _score(dialogue: Dialogue, _: Sequence[Dialogue]) -> Marks:
    known = [answer for answer in dialogue.answers if answer.finish_reason is not None]
    return {"rate": [Mark(answer.turn, float(answer.finish_reason == _MARKER)) for answer in known]}


TURN_MARKER = Scorer(
    id=Slug("turn-marker"),
    version=1,
    tracks=("primary", "training"),
    quantities={"rate": "rate"},
    rules=rules({"finish_reason": _MARKER}),
    score=_score,
)
