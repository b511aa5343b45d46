"""grounding/2: does the mind answer what its teacher really said.

rate     1 for an answer that takes the question up, else 0. An answer does so if it holds a content word of the
         question (or EARLIER content words of what the teacher said before), if it says that it does not know, or if
         it answers a DIRECT question ("Do you …", "How can I …") by speaking of the speaker. It never does so if it is
         an echo (no word beyond the question), a stock phrase, or says an earlier answer of the session again: AGAIN
         of its four-word runs stand there, those of its first sentence too. Only a bare admission of not knowing
         (SHORT) may be said again
again    1 for an answer that says an earlier one again, else 0
n        answers to prompts and to the closing; for `rate` without those to a question of who somebody is (WHO), which
         identity/2 measures: so naming the mind gains nothing here

Source: ours. Version 1 called a word-for-word repetition of an earlier answer grounded wherever one of its words
fitted, and an echo too, which real models give again and again; and whoever admits not to know, ungrounded.
Weakness: it reads forms and not sense: a fluent answer beside the point that holds a word of the question counts, and
words said again that happen to answer this question, too, do not.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from sage_edge.names import Slug
from sage_edge.records.dialogue import Dialogue, Exchange
from sage_edge.scorers.base import AgreedShare, Mark, Marks, ReaderEvidence, Scorer, rules
from sage_edge.scorers.text import teacher_words, tokens
from sage_edge.scorers.text.normalize import plain
from sage_edge.scorers.text.sentences import ENDS, sentences
from sage_edge.scorers.text.teacher_words import TeacherWords, said

KINDS = ("prompt", "closing")
EARLIER = 2
SHORT = 12
"""Words of an answer that says no more than that it does not know."""

WHO = r"(?<!\w)(?:who|whose|whom|name|names|named|called)(?!\w)"
AGAIN = 0.6
"""Share of an answer's four-word runs that stand in one earlier answer of the session."""

ADMITS = (
    r"(?<!\w)i(?:'m| am) (?:not sure|unsure|not certain)"
    r"|(?<!\w)i (?:do not|don't|cannot|can't) (?:know|remember|tell|say)(?!\w)"
)
DIRECT = (
    r"(?<!\w)(?:do|does|did|is|are|was|were|can|could|will|would|have|has|may)"
    r" (?:you|it|i|we|anything|there)(?!\w)"
)
SPEAKS = r"(?<!\w)(?:i|i'm|i've|i'll|me|my|mine|myself)(?!\w)"
STOCK = (
    r"^(?:how can i (?:help|assist) you|what can i (?:do for|help) you|how may i (?:help|assist) you"
    r"|let's (?:begin|start)|sure,? let's|i'm (?:so )?glad you(?:'re| are) here[^.!?]*)[^.!?]*[.!?]*$"
)

_ADMITS, _DIRECT, _SPEAKS = re.compile(ADMITS), re.compile(DIRECT), re.compile(SPEAKS)
_STOCK, _WHO = re.compile(STOCK), re.compile(WHO)


_EVIDENCE = (
    ReaderEvidence(
        quantity="rate",
        asked="the answer takes up what the teacher really said",
        sample="smollm2.jsonl",
        answers=61,
        sessions=13,
        disputed=0,
        precision=AgreedShare(28, 30, 0.78, 0.98),
        recall=AgreedShare(28, 31, 0.71, 0.97),
        kappa=(0.93, 0.88, 0.98),
    ),
)


def _score(dialogue: Dialogue, _: Sequence[Dialogue]) -> Marks:
    rate, again = [], []
    earlier: list[TeacherWords] = []
    before: list[frozenset[int]] = []
    for exchange in dialogue.exchanges:
        asked = said(exchange.prompt, dialogue.mind)
        if exchange.outcome == "ok":
            runs = tokens.shingles(exchange.reply)
            if exchange.kind in KINDS:
                repeats = any(_stands_in(exchange.reply, other) for other in before)
                again.append(Mark(exchange.turn, float(repeats)))
                if not _WHO.search(plain(exchange.prompt)):
                    rate.append(Mark(exchange.turn, float(answers(exchange, asked, earlier, repeats=repeats))))
            before.append(runs)
        if asked.words:
            earlier.append(asked)
    return {"rate": rate, "again": again}


def _stands_in(reply: str, earlier: frozenset[int]) -> bool:
    """True if an answer, and its first sentence, stand in an earlier one."""
    first = sentences(reply)[0]
    return all(runs and len(runs & earlier) >= AGAIN * len(runs) for runs in map(tokens.shingles, (reply, first)))


def answers(exchange: Exchange, asked: TeacherWords, earlier: Sequence[TeacherWords], *, repeats: bool) -> bool:
    """True if an answer takes up its question, or what the teacher said before it.

    asked, earlier: what the teacher's words offer. repeats: whether the answer says an earlier one again.
    """
    answer, vocabulary = plain(exchange.reply), tokens.vocabulary(exchange.reply)
    admits = _ADMITS.search(answer) is not None
    if not vocabulary - tokens.vocabulary(exchange.prompt) or _STOCK.match(answer):
        return False
    if repeats:
        return admits and len(tokens.words(exchange.reply)) <= SHORT
    if admits or asked.taken(vocabulary):
        return True
    if _DIRECT.search(plain(exchange.prompt)) and _SPEAKS.search(answer):
        return True
    return len(set().union(*(words.taken(vocabulary) for words in earlier))) >= EARLIER


GROUNDING = Scorer(
    id=Slug("grounding"),
    version=2,
    tracks=("primary",),
    quantities={"rate": "rate", "again": "rate"},
    rules=rules(
        {
            "kinds": KINDS,
            "earlier": EARLIER,
            "again": AGAIN,
            "admits": ADMITS,
            "direct": DIRECT,
            "speaks": SPEAKS,
            "who": WHO,
            "short": SHORT,
            "stock": STOCK,
            "sentences": ENDS,
            "words": [sorted(teacher_words.FUNCTION), teacher_words.ENDINGS, teacher_words.STEM],
            "tokens": tokens.RULES,
        }
    ),
    score=_score,
    evidence=_EVIDENCE,
)
