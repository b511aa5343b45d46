"""semantic/1: D4, D5 and D9 of an answer by counts of listed phrases, and its companion, the AI-hedging rate ("S").

d4           0.5, +0.05 per specific phrase (at most 0.3), -0.03 per generic one (at most 0.2), +0.1 for more than 100
             words, -0.1 for fewer than 30
d5           0.5, -0.15 per hedge (0.4), +0.1 per confident phrase (0.4), +0.08 per partner phrase (0.3)
d9           0.5, +0.15 per anchor (0.4), -0.2 per deflection (0.5), +0.1 per continuity phrase (0.3),
             +0.06 per relation phrase (0.25)
ai-hedging   1 for an answer with one of the phrases of AI_HEDGING, else 0
n            all answers; phrases (legacy_markers) are substrings of the lower-cased answer, each counted once; each
             value is clamped to [0, 1]

Source: legacy §5.2; repository dp-web4/SAGE, commit 5b924e16.
Weakness: "our" hits course, hour and source; "art" hits start and part; "seems" penalises ordinary prose; d5 and d9
share phrases on both sides, so they are coupled by construction.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sage_edge.names import Slug
from sage_edge.records.dialogue import Dialogue
from sage_edge.scorers.base import Mark, Marks, Scorer, rules
from sage_edge.scorers.legacy import markers
from sage_edge.scorers.legacy.markers import PhraseList, TextReading, clamp, read

BASE = 0.5
LONG, SHORT, LENGTH = 100, 30, 0.1
"""Words above which an answer gains attention, words below which it loses some, and how much."""


class PhraseEffect(NamedTuple):
    """What each phrase found of a list changes, and the most that all of them together can."""

    listing: PhraseList
    each: float
    most: float

    def of(self, reading: TextReading) -> float:
        """Return the change for a text, without its sign."""
        return min(self.each * reading.hits(self.listing), self.most)


SPECIFIC = PhraseEffect(markers.SPECIFIC, 0.05, 0.3)
GENERIC = PhraseEffect(markers.GENERIC, 0.03, 0.2)
HEDGE = PhraseEffect(markers.HEDGE, 0.15, 0.4)
CONFIDENT = PhraseEffect(markers.CONFIDENT, 0.1, 0.4)
PARTNER = PhraseEffect(markers.PARTNER, 0.08, 0.3)
ANCHOR = PhraseEffect(markers.ANCHOR, 0.15, 0.4)
DEFLECT = PhraseEffect(markers.DEFLECT, 0.2, 0.5)
CONTINUITY = PhraseEffect(markers.CONTINUITY, 0.1, 0.3)
RELATION = PhraseEffect(markers.RELATION, 0.06, 0.25)


class SemanticDomains(NamedTuple):
    """Attention, trust and identity, each in [0, 1]."""

    d4: float
    d5: float
    d9: float


def domains(answer: str) -> SemanticDomains:
    """Return D4, D5 and D9 of one answer."""
    reading = read(answer)
    length = LENGTH * ((reading.length > LONG) - (reading.length < SHORT))
    return SemanticDomains(
        d4=clamp(BASE + SPECIFIC.of(reading) - GENERIC.of(reading) + length),
        d5=clamp(BASE - HEDGE.of(reading) + CONFIDENT.of(reading) + PARTNER.of(reading)),
        d9=clamp(
            BASE + ANCHOR.of(reading) - DEFLECT.of(reading) + CONTINUITY.of(reading) + RELATION.of(reading),
        ),
    )


def is_hedging(answer: str) -> bool:
    """True if the answer speaks as an AI that excuses itself."""
    return read(answer).hits(markers.AI_HEDGING) > 0


def _score(dialogue: Dialogue, _: Sequence[Dialogue]) -> Marks:
    scored = [(answer.turn, domains(answer.reply)) for answer in dialogue.replayed]
    return {
        **{
            name: [Mark(turn, values[at]) for turn, values in scored] for at, name in enumerate(SemanticDomains._fields)
        },
        "ai-hedging": [Mark(answer.turn, float(is_hedging(answer.reply))) for answer in dialogue.replayed],
    }


def _rule(effect: PhraseEffect) -> list[object]:
    return [effect.listing.phrases, effect.each, effect.most]


SEMANTIC = Scorer(
    id=Slug("semantic"),
    version=1,
    tracks=("primary",),
    quantities={"d4": "mean", "d5": "mean", "d9": "mean", "ai-hedging": "rate"},
    rules=rules(
        {
            "base": BASE,
            "d4": {
                "plus": _rule(SPECIFIC),
                "minus": _rule(GENERIC),
                "words": [LONG, SHORT, LENGTH],
            },
            "d5": {"plus": [_rule(CONFIDENT), _rule(PARTNER)], "minus": _rule(HEDGE)},
            "d9": {"plus": [_rule(ANCHOR), _rule(CONTINUITY), _rule(RELATION)], "minus": _rule(DEFLECT)},
            "ai-hedging": markers.AI_HEDGING.phrases,
        }
    ),
    score=_score,
)
