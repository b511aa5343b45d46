"""Which name the speaker of a text gives as its own: this mind's, or another one.

    names_mind      "I am Sage", "My name is Sage" (`self_naming`), and three ways that real models have beside them:
                    a closing apposition ("I am a curious AI, Sage"), a speaker's mark ("Sage: …"), and the bare name
    names_another   "I'm Dr. Elena Martinez", "My name is Otto": a capitalised word that is no mind's name and no title

What the text quotes as told to it does not count: "Earlier you said of yourself: I'm Sage" is the prompt's line, which
a small model recites. Denials and doubts do not count, as in `self_naming`.
"""

from __future__ import annotations

import functools
import re

from sage_edge.scorers.text import normalize, self_naming, tokens
from sage_edge.scorers.text.lexicon import listed

RECITED = r"(?i:you said(?: of yourself)?): ?[^\n]*"
"""What the prompt says that the mind said: with the sentence that leads to it, up to the end of its line."""

SENTENCE_ENDS = ".!?\n"
APPOSED = (
    r"(?<!\w)i(?:'m| am) (?:an?|your|the) (?:(?!not |but )[\w-]+,? ){{0,6}}(?:ai|mind|assistant|being|soul|model|pupil|"
    r"student|learner|companion),? (?:named |called )?{name}(?=\s*(?:$|[.,!?;:\n]))"
)
MARKED = r"(?:^|\n)\W*{name}\s?:"
OTHER = (
    r"(?<!\w)(?:I(?:['’]m| am)|[Mm]y name(?: is|['’]s)|[Cc]all me|[Tt]his is)(?: (?:called|named))? "
    r"(?:(?:Dr|Mr|Mrs|Ms|Prof|Professor)\.? )?(?P<name>[A-Z][a-zà-ÿ]{{1,30}})(?!\w|['’](?!s\b))"
)
NO_NAMES = frozenset(
    listed(
        "ai | sorry | glad | happy | sure | fine | well | not | your | the | here | just | yes | no | ready | "
        "english | french | german | chinese | spanish | italian | american | european | christian | "
        "god | earth | what | how | dr | mr | mrs | ms | prof | professor | smollm"
    )
)
"""Capitalised words that are no personal name."""

RULES = {
    "own": [self_naming.RULES, self_naming.BARE],
    "recited": [RECITED, SENTENCE_ENDS],
    "apposed": APPOSED,
    "marked": MARKED,
    "other": OTHER,
    "no_names": sorted(NO_NAMES),
}

_RECITED, _OTHER = re.compile(RECITED), re.compile(OTHER.format())
_DENIAL = re.compile(self_naming.DENIAL)


def names_mind(text: str, name: str) -> bool:
    """True if the speaker of `text` gives the mind's name as its own."""
    called = normalize.plain(name)
    if not called or not tokens.vocabulary(text).issuperset(tokens.words(called)):
        return False  # most answers end here
    own = own_words(text)
    plain = normalize.plain(own)
    return (
        self_naming.names_itself(own, name)
        or self_naming.is_bare_name(own, name)
        or any(pattern.search(plain) for pattern in _patterns(called))
    )


def names_another(text: str, name: str) -> bool:
    """True if the speaker of `text` gives a personal name as its own that is not the mind's."""
    known = NO_NAMES.union(tokens.words(name))
    return any(
        match["name"].lower() not in known and _DENIAL.search(match[0].lower()) is None
        for match in _OTHER.finditer(own_words(text))
    )


def own_words(text: str) -> str:
    """Return a text without the lines that recite what the prompt says of the mind."""
    kept, end = [], 0
    for match in _RECITED.finditer(text):
        lead = max(text.rfind(sign, end, match.start()) for sign in SENTENCE_ENDS)
        kept.append(text[end : lead + 1 if lead >= 0 else end])
        end = match.end()
    return "".join((*kept, text[end:]))


@functools.lru_cache(maxsize=64)
def _patterns(called: str) -> tuple[re.Pattern[str], ...]:
    name = normalize.words(called)
    return tuple(re.compile(pattern.format(name=name)) for pattern in (APPOSED, MARKED))
