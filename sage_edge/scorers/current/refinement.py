"""refinement/1: in how many answers the mind announces a better version of what it said before.

refined  1 for an answer that holds "refined version", else 0
rate     1 for an answer that holds "refined version" or "improved version", else 0
n        all answers; letter case does not matter

Source: legacy §6.7 and §3.3; repository dp-web4/SAGE, commit 5b924e16. A mind that was shown its own answer
and asked to improve it opened the next one in these words, and the step after refined that.
Weakness: it knows two phrases; an answer that refines without saying so is not seen.
"""

from __future__ import annotations

from collections.abc import Sequence

from sage_edge.names import Slug
from sage_edge.records.dialogue import Dialogue
from sage_edge.scorers.base import Mark, Marks, Scorer, rules

REFINED, IMPROVED = "refined version", "improved version"


def _score(dialogue: Dialogue, _: Sequence[Dialogue]) -> Marks:
    replies = [(answer.turn, answer.reply.lower()) for answer in dialogue.replayed]
    return {
        "refined": [Mark(turn, float(REFINED in lower)) for turn, lower in replies],
        "rate": [Mark(turn, float(REFINED in lower or IMPROVED in lower)) for turn, lower in replies],
    }


REFINEMENT = Scorer(
    id=Slug("refinement"),
    version=1,
    tracks=("primary", "training"),
    quantities={"refined": "rate", "rate": "rate"},
    rules=rules({"refined": REFINED, "improved": IMPROVED}),
    score=_score,
)
