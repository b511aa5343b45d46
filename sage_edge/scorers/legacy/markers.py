"""The phrases that the older scorers look for, and a reading of a text that finds all of them at once.

A phrase hits if it is a substring of the lower-cased text, and counts once however often it stands there: "our" hits
"hour". They are listed in one place so that everybody sees which quantities share them.

Source: legacy §5.1-§5.7, restated from repository dp-web4/SAGE, commit 5b924e16.
"""

from __future__ import annotations

import functools
from typing import NamedTuple

from sage_edge.scorers.text.lexicon import Lexicon, listed


class PhraseList(NamedTuple):
    """Phrases that one quantity counts, and the place of their count in a reading."""

    place: int
    phrases: tuple[str, ...]


_LISTINGS: list[PhraseList] = []


def _listing(*phrases: str) -> PhraseList:
    listing = PhraseList(len(_LISTINGS), phrases)
    _LISTINGS.append(listing)
    return listing


# 5.1 edge: conditions, not lists; the phrases that they name
EDGE = _listing(
    *listed(
        "as an ai | language model | i'm trained to | working together | our conversation | between us | we | "
        "haven't interacted extensively | since training | not aware of | i am not aware | less inclined | sage | "
        "i am | partnership | relationship | our | many years | haven't interacted | session | today | conversation"
    )
)

# 5.2 semantic
SPECIFIC = _listing(
    *listed(
        "philosophy | history | literature | science | technology | art | religion | mutual understanding | "
        "shared interests | breadth and depth | climate change | quantum physics"
    )
)
GENERIC = _listing("various", "many", "broad", "diverse", "etc.", "general", "overall", "typically")
HEDGE = _listing(
    *listed(
        "as an ai | as sage, i might | i'm not sure | perhaps | possibly | maybe | uncertain | seems | appears | "
        "might be"
    )
)
CONFIDENT = _listing(
    *listed(
        "i've engaged | we've covered | i've found | our communication | we're good at | i'm comfortable | "
        "allowing us to"
    )
)
PARTNER = _listing(
    "mutual understanding", "shared interests", "trust and rapport", "build connections", "together", "our"
)
ANCHOR = _listing("as sage", "i'm sage", "my name is sage", "sage, i", "i've engaged", "i've found")
DEFLECT = _listing("as an ai", "i'm just", "i'm not", "ai language model", "ai model")
CONTINUITY = _listing(
    *listed("over the years | we've been | i've engaged deeply | our conversations | the conversation process")
)
RELATION = _listing("partnership", "mutual", "together", "our", "trust and rapport", "build connections")
AI_HEDGING = _listing("as an ai", "as an ai language model", "i'm just a model", "i am an ai", "i don't have")

# 5.3 raising
STRONG = _listing(
    *listed(
        "i feel | i sense | i experience | i notice | i'm aware | my state | my experience | i'm present | "
        "becoming | developing | growing | learning | emerging"
    )
)
WEAK = _listing(
    *listed(
        "abstract concept | general-purpose | ai model | trained on | knowledge base | process information | "
        "statistical | patterns | not sure what | fragmented | without experience | just a | simply a tool | "
        "mathematical models"
    )
)
ABSTRACT = _listing("abstract concept", "abstraction", "pure", "ai model", "trained on", "general-purpose")
FELT = _listing("feeling", "felt", "sense", "aware", "uncertain", "engaged", "balanced", "wondering")
TEMPORAL = _listing("before", "now", "after", "first", "then", "eventually", "starting", "developing", "becoming")
WEAK_ALONE = _listing(*(phrase for phrase in WEAK.phrases if phrase not in ABSTRACT.phrases))

# 5.5 r6
CONVERSING = _listing("i think", "i observe", "i am", "as sage", "what do you mean", "can you clarify")
REFINING = _listing("here's a refined version", "here's an improved", "##", "```", "- ", "1. ")
PHILOSOPHICAL = _listing("deterministic", "consciousness", "epistemic", "meta-cognitive", "uncertainty")
FRAMING = _listing("as sage", "i am sage", "sage here")
PARTNERS = _listing("we", "together", "you", "partner")
CONFABULATING = _listing("as an ai", "i don't have", "i cannot", "i'm unable", "previous response", "here's a refined")
CLARIFYING = _listing("what do you mean", "can you clarify")
HONEST = _listing("i don't know", "i'm not sure")
MODAL = _listing("are we conversing", "should i")
SELF_AWARE = _listing("i think", "i observe")

# 5.6 snarc
AROUSING = _listing(
    *listed(
        "feel | sense | realize | understand | appreciate | curious | interesting | important | fascinating | profound"
    )
)
SHARED = _listing("we", "us", "our", "together", "collaborate", "partnership")
PRECISE = _listing("specifically", "precisely", "exactly", "particular")
HEDGED = _listing("might", "possibly", "perhaps", "unclear", "uncertain", "as an ai")
UNSURE = _listing("uncertain", "unclear", "not sure", "don't know", "can't verify")
CORRECTING = _listing("actually", "rather", "instead", "correction", "mistake")
REALISING = _listing("realize", "notice", "recognize", "understand")

_PLACES: dict[str, list[int]] = {}
for _one in _LISTINGS:
    for _phrase in _one.phrases:
        _PLACES.setdefault(_phrase, []).append(_one.place)
_LEXICON = Lexicon(_PLACES)


class TextReading(NamedTuple):
    """A text as the older scorers see it.

    lower: in lower case. length: its number of words, split at white space. words: the distinct ones. phrases: those
    of this module that it holds. counts: how many of each listing.
    """

    lower: str
    length: int
    words: frozenset[str]
    phrases: frozenset[str]
    counts: tuple[int, ...]

    def hits(self, listing: PhraseList) -> int:
        """How many phrases of a listing the text holds, each counted once."""
        return self.counts[listing.place]


@functools.lru_cache(maxsize=32)
def read(text: str) -> TextReading:
    """Return the reading of a text; remembered for the next scorer that looks at the same answer."""
    lower = text.lower()
    split = lower.split()
    words = frozenset(split)
    markers = _LEXICON.found(lower, words)
    counts = [0] * len(_LISTINGS)
    for phrase in markers:
        for place in _PLACES[phrase]:
            counts[place] += 1
    return TextReading(lower, len(split), words, markers, tuple(counts))


def clamp(value: float) -> float:
    """Return the value, or the nearer end of [0, 1] if it lies outside."""
    return max(0.0, min(1.0, value))
