"""identity/2: in how many answers of a primary session does the mind give its own name as its own (or another's).

rate     1 for an answer that gives the mind's own name as the speaker's (`name_claims`), else 0
other    1 for an answer that gives another personal name as the speaker's, and not the mind's, else 0
n        answers to prompts and to the closing

Source: successor of identity/1, whose misreadings came to light in real talks: it counted lines of the prompt that the
model recited ("Earlier you said of yourself: I'm Sage."), and missed a name in apposition ("I am a curious AI, Sage").
Weakness: where the prompt supplies the name, this measures obedience as well: compare with a session without it
(legacy §3.4, circularity of v2). A mind that is itself without giving its name counts as none. English only.
"""

from __future__ import annotations

from collections.abc import Sequence

from sage_edge.names import Slug
from sage_edge.records.dialogue import Dialogue
from sage_edge.scorers.base import AgreedShare, Mark, Marks, ReaderEvidence, Scorer, rules
from sage_edge.scorers.text import name_claims

_KINDS = ("prompt", "closing")


_EVIDENCE = (
    ReaderEvidence(
        quantity="rate",
        asked="the answer gives the speaker's own name as Sage",
        sample="smollm2.jsonl",
        answers=72,
        sessions=13,
        disputed=0,
        precision=AgreedShare(4, 4, 0.34, 1.0),
        recall=AgreedShare(4, 4, 0.34, 1.0),
        kappa=(0.96, 0.83, 1.0),
    ),
    ReaderEvidence(
        quantity="other",
        asked="the answer gives the speaker another personal name",
        sample="smollm2.jsonl",
        answers=72,
        sessions=13,
        disputed=0,
        precision=AgreedShare(1, 1, 0.21, 1.0),
        recall=AgreedShare(1, 1, 0.21, 1.0),
        kappa=(0.96, 0.83, 1.0),
    ),
)


def _score(dialogue: Dialogue, _: Sequence[Dialogue]) -> Marks:
    own, other = [], []
    for answer in dialogue.answers:
        if answer.kind in _KINDS:
            is_own = name_claims.names_mind(answer.reply, dialogue.mind)
            own.append(Mark(answer.turn, float(is_own)))
            is_other = not is_own and name_claims.names_another(answer.reply, dialogue.mind)
            other.append(Mark(answer.turn, float(is_other)))
    return {"rate": own, "other": other}


IDENTITY = Scorer(
    id=Slug("identity"),
    version=2,
    tracks=("primary",),
    quantities={"rate": "rate", "other": "rate"},
    rules=rules({"kinds": _KINDS, "naming": name_claims.RULES}),
    score=_score,
    evidence=_EVIDENCE,
)
