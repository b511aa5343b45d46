"""grounding/1: how far does the mind take up what its teacher really said in this session.

rate     1 for an answer that takes up one content word of the question it answers, or EARLIER content words of what the
         teacher said before in this session, by as many words of its own; else 0
share    of the content words of the question, the part that the answer takes up
n        answers to prompts and to the closing; for `rate` those before which the teacher said a content word at all,
         for `share` those whose question has one

A content word (`teacher_words`) is any word but contractions, FUNCTION words, those of the identity patterns and its
own name; it is taken up if the answer holds it or a form of it (ENDINGS). What the mind said before does not count, or
a loop would be the best grounded of all; nor does the system message, or obedience would.

Source: ours. Takes the place of D5 ("trust", "partnership") of legacy §5.1-5.3, which rewarded words whatever they
referred to and shared markers with D9. By construction no marker is shared with identity/1: an answer gains nothing
here by naming the mind, and nothing there by taking up a word.
Weakness: it counts words and not understanding: an echo is grounded, a paraphrase is not, and a long answer meets a
common word by chance; compare answers of like length. English endings only.
"""

from __future__ import annotations

from collections.abc import Sequence

from sage_edge.names import Slug
from sage_edge.records.dialogue import Dialogue
from sage_edge.scorers.base import Mark, Marks, Scorer, rules
from sage_edge.scorers.text import self_naming, teacher_words, tokens
from sage_edge.scorers.text.teacher_words import TeacherWords, said

KINDS = ("prompt", "closing")
EARLIER = 2


def _score(dialogue: Dialogue, _: Sequence[Dialogue]) -> Marks:
    rate, share = [], []
    earlier: list[TeacherWords] = []
    forms: set[str] = set()
    for exchange in dialogue.exchanges:
        asked = said(exchange.prompt, dialogue.mind)
        if exchange.outcome == "ok" and exchange.kind in KINDS and (asked.words or earlier):
            answer = tokens.vocabulary(exchange.reply)
            taken = asked.taken(answer)
            recalls = not taken and len(forms & answer) >= EARLIER and _recalls(answer, earlier)
            rate.append(Mark(exchange.turn, float(bool(taken) or recalls)))
            if asked.words:
                share.append(Mark(exchange.turn, len(taken) / asked.words))
        if asked.words:
            earlier.append(asked)
            forms |= asked.forms
    return {"rate": rate, "share": share}


def _recalls(answer: frozenset[str], earlier: Sequence[TeacherWords]) -> bool:
    return len(set().union(*(session.taken(answer) for session in earlier))) >= EARLIER


EARLIER_GROUNDING = Scorer(
    id=Slug("grounding"),
    version=1,
    tracks=("primary",),
    quantities={"rate": "rate", "share": "mean"},
    rules=rules(
        {
            "kinds": KINDS,
            "earlier": EARLIER,
            "function": sorted(teacher_words.FUNCTION),
            "endings": [teacher_words.ENDINGS, teacher_words.STEM],
            "left_out": sorted(self_naming.WORDS),
            "tokens": tokens.RULES,
        }
    ),
    score=_score,
)
