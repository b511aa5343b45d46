"""truncation/1: how many answers were cut off.

cut      1 for an answer that ended at the token limit or at the deadline, by its finish reason; an answer whose finish
         reason is not known is not counted
guess    only for answers whose finish reason is not known: 1 if it has 80 words or more and does not end in . ! ? or "

Source: design §6 (a truncated answer is known by its finish reason, not by its looks); the length rule of the guess
from legacy §6.7, where no answer under 80 words ended open.
Weakness: the guess is right only for minds of that size and token limit; it takes a long list or a long answer without
a full stop for cut, and never sees a cut answer under 80 words. It is never added to `cut`.
"""

from __future__ import annotations

from collections.abc import Sequence

from sage_edge.names import Slug
from sage_edge.records.dialogue import Dialogue
from sage_edge.scorers.base import Mark, Marks, Scorer, rules

_CUT = ("length", "deadline")
_ENDS = (".", "!", "?", '"')
_LONG = 80
"""Words, split at white space."""


def _score(dialogue: Dialogue, _: Sequence[Dialogue]) -> Marks:
    known = [answer for answer in dialogue.answers if answer.finish_reason is not None]
    looks = [answer for answer in dialogue.answers if answer.finish_reason is None]
    return {
        "cut": [Mark(answer.turn, float(answer.finish_reason in _CUT)) for answer in known],
        "guess": [Mark(answer.turn, float(_looks_cut(answer.reply))) for answer in looks],
    }


def _looks_cut(reply: str) -> bool:
    return not reply.rstrip().endswith(_ENDS) and len(reply.split()) >= _LONG


TRUNCATION = Scorer(
    id=Slug("truncation"),
    version=1,
    tracks=("primary", "training"),
    quantities={"cut": "rate", "guess": "rate"},
    rules=rules({"finish_reasons": _CUT, "ends": _ENDS, "words": _LONG}),
    score=_score,
)
