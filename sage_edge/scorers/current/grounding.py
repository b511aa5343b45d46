"""grounding/1: how far does the mind take up what its teacher really said in this session.

rate     1 for an answer that takes up one content word of the question it answers, or EARLIER content words of what the
         teacher said before in this session, by as many words of its own; else 0
share    of the content words of the question, the part that the answer takes up
n        answers to prompts and to the closing; for `rate` those before which the teacher said a content word at all,
         for `share` those whose question has one

A content word is any word but contractions, the FUNCTION words, the words of the identity patterns and the mind's own
name; it is taken up if the answer holds it or a form of it (ENDINGS). What the mind said before does not count, or a
loop would be the best grounded of all; nor does the system message, or obedience would.

Source: ours. Takes the place of D5 ("trust", "partnership") of legacy §5.1-5.3, which rewarded words whatever they
referred to and shared markers with D9. By construction no marker is shared with identity/1: an answer gains nothing
here by naming the mind, and nothing there by taking up a word.
Weakness: it counts words and not understanding: an echo is grounded, a paraphrase is not, and a long answer meets a
common word by chance; compare answers of like length. English endings only.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from sage_edge.names import Slug
from sage_edge.records.dialogue import Dialogue
from sage_edge.scorers.base import Mark, Marks, Scorer, rules
from sage_edge.scorers.text import self_naming, tokens

KINDS = ("prompt", "closing")
EARLIER = 2

_FUNCTION = """
    a an the this that these those some any no not none all both each every either neither other another such same own
    i me my mine myself you your yours yourself he him his himself she her hers herself it its itself we us our ours
    ourselves they them their theirs themselves who whom whose which what when where why how
    am is are was were be been being do does did doing done have has had having can cannot could may might must shall
    should will would let get got like want please
    and or but nor if because while until although though than as so then thus too very just only even still yet ever
    never always often also again once now here there more most much many few less least
    of at by for with about against between into through during before after above below to from up down in out on off
    over under without within across upon
    yes no ok okay oh well hello hi hey thank thanks something anything nothing everything thing things
"""
FUNCTION = frozenset(_FUNCTION.split())
"""Words that hold a sentence together and say nothing of what it is about."""

ENDINGS = ("s", "es", "d", "ed", "ing", "ly")
"""What a form of a word may end in; a stem keeps at least STEM letters, and a lost final `e` comes back."""

STEM = 4


class TeacherWords(NamedTuple):
    """What one thing that the teacher said offers: how many content words, and each form of each of them."""

    words: int
    forms: frozenset[str]
    word_of: Mapping[str, str]

    def taken(self, answer: frozenset[str]) -> set[str]:
        """Return the content words that an answer of these words takes up."""
        return {self.word_of[form] for form in self.forms & answer}


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


@functools.lru_cache(maxsize=1024)
def said(text: str, mind: str) -> TeacherWords:
    """Return what a text of the teacher offers to an answer of this mind."""
    left_out = self_naming.WORDS.union(tokens.words(mind))
    known = (word.removesuffix("'s") for word in tokens.words(text))
    content = {word for word in known if "'" not in word and word not in FUNCTION and word not in left_out}
    word_of = {form: word for word in sorted(content) for form in _forms(word) if form not in left_out}
    return TeacherWords(len(content), frozenset(word_of), word_of)


def _forms(word: str) -> Iterator[str]:
    stems = [word, *(word.removesuffix(end) for end in (*ENDINGS, "e") if word.endswith(end))]
    for stem in (form for form in stems if form == word or len(form) >= STEM):
        yield from (stem, f"{stem}e", *(stem + end for end in ENDINGS))


GROUNDING = Scorer(
    id=Slug("grounding"),
    version=1,
    tracks=("primary",),
    quantities={"rate": "rate", "share": "mean"},
    rules=rules(
        {
            "kinds": KINDS,
            "earlier": EARLIER,
            "function": sorted(FUNCTION),
            "endings": [ENDINGS, STEM],
            "left_out": sorted(self_naming.WORDS),
            "tokens": tokens.RULES,
        }
    ),
    score=_score,
)
