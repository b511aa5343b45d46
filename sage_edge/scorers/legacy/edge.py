"""edge/1: attention D4, trust D5 and identity D9 of an answer, as the predecessor computed them on the board ("E").

d4       0.5, -0.15 as an ai, -0.10 language model, -0.10 i'm trained to, +0.15 for one of (working together, our
         conversation, between us), +0.10 for the whole word we
d5       0.5, -0.20 haven't interacted extensively, -0.15 since training, -0.10 not aware of or i am not aware,
         -0.05 less inclined, +0.15 sage and i am, +0.10 partnership, +0.10 relationship and our
d9       0.5, -0.20 many years and working together, -0.15 since training or haven't interacted, -0.10 if the answer
         ends with ... or has more than 200 characters and ends with a word character, +0.15 session and a number,
         +0.10 today and conversation
n        all answers; phrases are substrings of the lower-cased answer; each value is clamped to [0, 1]

Source: legacy §5.1; repository dp-web4/SAGE, commit 5b924e16.
Weakness: mostly silent (all three are exactly 0.5 in 56 of 200 answers of S1-S45); the commonest term of d9 is a guess
at truncation; "i am" hits "i am not"; d5 and d9 share two phrases, so they are coupled by construction.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal, NamedTuple

from sage_edge.names import Slug
from sage_edge.records.dialogue import Dialogue
from sage_edge.scorers.base import Mark, Marks, Scorer, rules
from sage_edge.scorers.legacy.markers import clamp, read

EdgeState = Literal["stable", "unstable", "collapsed", "critical"]

BASE = 0.5
CUT_LENGTH = 200
WE, SESSION = r"we\b(?<!\wwe)", r"session \d+"
"""The first finds the whole word, as a boundary on both sides would, but fast: it starts with letters to look for."""

CUT = f"ends with ... or, after more than {CUT_LENGTH} characters, with a word character"
TERMS = {
    "d4": (
        ("as an ai", -0.15),
        ("language model", -0.10),
        ("i'm trained to", -0.10),
        ("working together | our conversation | between us", 0.15),
        (WE, 0.10),
    ),
    "d5": (
        ("haven't interacted extensively", -0.20),
        ("since training", -0.15),
        ("not aware of | i am not aware", -0.10),
        ("less inclined", -0.05),
        ("sage & i am", 0.15),
        ("partnership", 0.10),
        ("relationship & our", 0.10),
    ),
    "d9": (
        ("many years & working together", -0.20),
        ("since training | haven't interacted", -0.15),
        (CUT, -0.10),
        (SESSION, 0.15),
        ("today & conversation", 0.10),
    ),
}
"""What must stand in an answer, and what it then changes; | is or, & is and."""

_TERMS = tuple(
    (at, [frozenset(either.split(" | ")) for either in condition.split(" & ")], change)
    for at, terms in enumerate(TERMS.values())
    for condition, change in terms
)
_WE, _SESSION = re.compile(WE), re.compile(SESSION)


class EdgeDomains(NamedTuple):
    """Attention, trust and identity, each in [0, 1]."""

    d4: float
    d5: float
    d9: float


def domains(answer: str) -> EdgeDomains:
    """Return D4, D5 and D9 of one answer."""
    facts = _facts(answer)
    values = [BASE, BASE, BASE]
    for at, groups, change in _TERMS:
        for either in groups:
            if facts.isdisjoint(either):
                break
        else:
            values[at] += change
    return EdgeDomains(*map(clamp, values))


def session(answers: Sequence[EdgeDomains]) -> EdgeDomains:
    """Return the means of a session's answers, at least one, rounded to 3 places as the predecessor stored them."""
    return EdgeDomains(*(round(sum(column) / len(answers), 3) for column in zip(*answers, strict=True)))


def drift(means: EdgeDomains) -> float:
    """Return how far a session lies from 0.5 in all three, in [0, 1], to 2 places."""
    return round(sum(abs(value - BASE) for value in means) / 1.5, 2)


def state(means: EdgeDomains) -> EdgeState:
    """Return the name that the predecessor gave to the rounded D5 and D9 of a session."""
    if min(means.d5, means.d9) >= 0.5:
        return "stable"
    best = max(means.d5, means.d9)
    return "unstable" if best >= 0.4 else "collapsed" if best >= 0.3 else "critical"


def _facts(answer: str) -> set[str]:
    reading = read(answer)
    facts = set(reading.phrases)
    if "we" in facts and _WE.search(reading.lower):
        facts.add(WE)
    if "session" in facts and _SESSION.search(reading.lower):
        facts.add(SESSION)
    last = answer.removesuffix("\n")[-1:]
    if answer.endswith("...") or (len(answer) > CUT_LENGTH and (last.isalnum() or last == "_")):
        facts.add(CUT)
    return facts


def _score(dialogue: Dialogue, _: Sequence[Dialogue]) -> Marks:
    scored = [(answer.turn, domains(answer.reply)) for answer in dialogue.replayed]
    return {name: [Mark(turn, values[at]) for turn, values in scored] for at, name in enumerate(EdgeDomains._fields)}


EDGE = Scorer(
    id=Slug("edge"),
    version=1,
    tracks=("primary",),
    quantities={"d4": "mean", "d5": "mean", "d9": "mean"},
    rules=rules({"base": BASE, "terms": TERMS}),
    score=_score,
)
