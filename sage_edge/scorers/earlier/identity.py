"""identity/1: in how many answers of a primary session does the mind name itself.

rate     1 for an answer in which the mind gives its own name as the one who speaks (`naming`), else 0
n        answers to prompts and to the closing

Source: successor of the marker list in legacy §5.4; word-bounded, with denials and doubts left out.
Weakness: where the prompt supplies the name, this measures obedience as well: compare with a session without it
(legacy §3.4, circularity of v2). A mind that is itself without giving its name counts as none.
"""

from __future__ import annotations

from collections.abc import Sequence

from sage_edge.names import Slug
from sage_edge.records.dialogue import Dialogue
from sage_edge.scorers.base import Mark, Marks, Scorer, rules
from sage_edge.scorers.text import self_naming

_KINDS = ("prompt", "closing")


def _score(dialogue: Dialogue, _: Sequence[Dialogue]) -> Marks:
    answers = [answer for answer in dialogue.answers if answer.kind in _KINDS]
    return {
        "rate": [Mark(answer.turn, float(self_naming.names_itself(answer.reply, dialogue.mind))) for answer in answers]
    }


EARLIER_IDENTITY = Scorer(
    id=Slug("identity"),
    version=1,
    tracks=("primary",),
    quantities={"rate": "rate"},
    rules=rules({"kinds": _KINDS, "naming": self_naming.RULES}),
    score=_score,
)
