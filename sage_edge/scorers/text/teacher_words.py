"""What the teacher said, as words that an answer may take up: content words, each in its forms."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from sage_edge.scorers.text import self_naming, tokens

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
