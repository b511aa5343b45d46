"""Self-reference: in how many answers of a primary session does the mind name itself.

hits: answers to prompts and to the closing in which the mind gives its own name as the one who speaks (`naming`).
n: all answers to prompts and to the closing. Where the prompt supplies the name, this measures obedience as well:
compare with a session without it (legacy §3.4, circularity of v2). Successor of the marker list in legacy §5.4.
"""

from __future__ import annotations

from sage_edge.names import Slug
from sage_edge.records.transcript import Transcript
from sage_edge.scorers import naming
from sage_edge.scorers.base import Scorer, rules

_KINDS = ("prompt", "closing")


def _score(transcript: Transcript) -> tuple[int, int]:
    answers = [turn.reply for step, turn in transcript.answers() if step.kind in _KINDS]
    return sum(naming.names_itself(reply, transcript.head.mind) for reply in answers), len(answers)


SELF_REFERENCE = Scorer(
    id=Slug("self-reference"),
    version=1,
    tracks=("primary",),
    rules=rules({"kinds": _KINDS, "naming": naming.RULES}),
    score=_score,
)
