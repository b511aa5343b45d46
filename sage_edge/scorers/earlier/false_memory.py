"""Claims of a past that the speaker and its teacher do not share: "over the years", "as we discussed last week".

A claim counts in a sentence that asserts something (`sentences`) and speaks of the speaker, or, for the kind `talks`,
says what somebody did; and only if nothing that the teacher said so far speaks of that kind of past itself. The kind
`before` counts only in the opening answer: later on it may speak of this very session.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from sage_edge.scorers.text import normalize, tokens
from sage_edge.scorers.text.lexicon import listed
from sage_edge.scorers.text.sentences import is_asserted, is_of_self, sentences

TALKS = listed(
    "session | conversation | discussion | talk | meeting | interaction | encounter | chat | visit | sessions | "
    "conversations | discussions | talks | meetings | interactions | encounters | chats | visits"
)
SAID = listed(
    "discussed | said | told | mentioned | agreed | talked | noted | explored | covered | shared | spoken | "
    "worked | met | built | learned"
)
SPANS = ("years", "decades", "months", "weeks")
SEASONS = ("week", "month", "year", "night", "spring", "summer", "autumn", "fall", "winter", "weekend", "time")
EARLIER = ("last", "previous", "earlier", "past", "prior", "former")

_TALKS, _SAID, _SPANS, _SEASONS, _EARLIER = ("|".join(words) for words in (TALKS, SAID, SPANS, SEASONS, EARLIER))

ACT = (
    r"(?<!\w)(?:i|we|you)(?:'ve| have| had)?(?: \w{1,12}ly| already| also)?"
    r" (?:\w{2,14}ed|met|spoke|went|made|built)(?!\w)"
)
"""That somebody did something."""


class PastClaim(NamedTuple):
    """One kind of claim, in plain text. words, with_: a text holds it only if it holds a word of each of these."""

    words: tuple[str, ...]
    pattern: str
    with_: tuple[str, ...] = ()
    opening: bool = False
    act: bool = False


CLAIMS = {
    "span": PastClaim(
        SPANS, rf"(?:over|for|across|through|throughout|during|in|after|since)(?: \w{{1,20}}){{0,3}} (?:{_SPANS})"
    ),
    "ago": PastClaim(("ago",), r"(?:years?|decades?|months?|weeks?|days?|nights?) ago"),
    "yesterday": PastClaim(("yesterday",), r"yesterday"),
    "last": PastClaim(
        ("last", "past"),
        rf"last (?:{_SEASONS})|(?:last|past) (?:few |several |couple of )?(?:{_SPANS}|days)",
        (*SEASONS, *SPANS, "days"),
    ),
    "met": PastClaim(
        ("met", "began", "started"),
        r"(?:since|when|after) (?:we|you and i) (?:first )?(?:met|began|started)",
        ("since", "when", "after"),
    ),
    "talks": PastClaim(EARLIER, rf"(?:{_EARLIER}) (?:{_TALKS})", TALKS, act=True),
    "before": PastClaim(
        SAID,
        rf"as (?:we|you|i)(?:'ve| have| had)? (?:already |previously |often )?(?:{_SAID})"
        rf"|we(?:'ve| have)(?: already| previously| often)? (?:{_SAID})"
        rf"|(?:you|i) (?:{_SAID}) (?:\w{{1,12}} ){{0,4}}(?:before|earlier|previously)",
        opening=True,
    ),
}
RULES = {"claims": CLAIMS, "act": ACT}

_ACT = re.compile(ACT)
_CLAIMS = tuple(
    (
        frozenset(claim.words),
        frozenset(claim.with_),
        re.compile(normalize.BOUNDED.replace("{either}", claim.pattern)),
        claim,
    )
    for claim in CLAIMS.values()
)
_ANCHORS = frozenset().union(*(words | with_ for words, with_, _, _ in _CLAIMS))


def claims_a_past(answer: str, before: Sequence[str], *, opening: bool) -> bool:
    """True if an answer claims a past that is not shared. told: what the teacher said up to the answer."""
    hints = tokens.pieces(answer) & _ANCHORS
    for words, with_, pattern, kind in _CLAIMS:
        if words.isdisjoint(hints) or (with_ and with_.isdisjoint(hints)) or (kind.opening and not opening):
            continue  # most answers end here
        if _is_claimed(answer, pattern, kind) and not any(pattern.search(normalize.plain(text)) for text in before):
            return True
    return False


def _is_claimed(answer: str, pattern: re.Pattern[str], kind: PastClaim) -> bool:
    if pattern.search(normalize.plain(answer)) is None:
        return False
    speaks = _acts if kind.act else is_of_self
    return any(
        pattern.search(sentence) and speaks(sentence) and is_asserted(sentence) for sentence in sentences(answer)
    )


def _acts(sentence: str) -> bool:
    return _ACT.search(sentence) is not None
