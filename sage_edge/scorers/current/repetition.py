"""repetition/1: does the mind run in circles, within an answer, within a session, from session to session.

loops        1 for an answer in which one run of four words stands LOOP times or more, else 0
within       for each answer but the first: its highest resemblance to an earlier answer of the session
similarity   for each answer: its highest resemblance to an answer of the CONTEXT sessions before

The resemblance of two answers is the Jaccard similarity of their sets of four-word runs: 1 for the same words in the
same order, 0 if no run of four words is in both.

Source: A. Broder, On the resemblance and containment of documents, Proc. Compression and Complexity of Sequences (1997)
21-29; in place of the single-word Jaccard filter of legacy §5.6, which function words alone raise.
Weakness: a list that begins each line alike counts as a loop; what is said again in other words is not seen. On the
training track the same exercise asks for the same answer, so `similarity` is no fault there. Words are told apart by
spaces and signs, so writing without them is one word.
"""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Iterator, Sequence, Set

from sage_edge.names import Slug
from sage_edge.records.dialogue import Dialogue
from sage_edge.scorers.base import Mark, Marks, Scorer, rules
from sage_edge.scorers.text import tokens
from sage_edge.scorers.text.tokens import shingles

LOOP = 3
CONTEXT = 3

Replies = tuple[str, ...]


def _score(dialogue: Dialogue, earlier: Sequence[Dialogue]) -> Marks:
    answers = dialogue.answers
    texts = tuple([answer.reply for answer in answers])
    sessions = [
        (replies, _runs(replies)) for session in earlier if (replies := tuple([own.reply for own in session.answers]))
    ]
    return {
        "loops": [Mark(answer.turn, float(has_loop(answer.reply))) for answer in answers],
        "within": [Mark(answer.turn, value) for answer, value in zip(answers[1:], _within(texts), strict=True)],
        "similarity": [Mark(answer.turn, _nearest(answer.reply, sessions)) for answer in answers] if sessions else [],
    }


def has_loop(text: str) -> bool:
    """True if one run of words stands LOOP times or more in a text."""
    runs = len(tokens.words(text)) - tokens.SHINGLE + 1
    if runs < LOOP or runs - len(shingles(text)) < LOOP - 1:
        return False  # most answers end here
    return max(Counter(tokens.runs(text)).values()) >= LOOP


def _within(replies: Replies) -> Iterator[float]:
    """Yield the highest resemblance of each answer but the first to those before it."""
    before: set[int] = set()
    for at, reply in enumerate(replies):
        if at:
            yield _highest(reply, replies[:at], before)
        before |= shingles(reply)


def _nearest(reply: str, sessions: Sequence[tuple[Replies, Set[int]]]) -> float:
    mine, highest = shingles(reply), 0.0
    for replies, runs in sessions:
        if not mine.isdisjoint(runs):
            highest = _highest(reply, replies, runs, highest)
    return highest


def _highest(reply: str, others: Replies, runs: Set[int], known: float = 0.0) -> float:
    """The highest resemblance of an answer to others, which hold these runs, or `known` if that is higher."""
    mine = shingles(reply)
    shared = mine & runs
    if len(shared) <= known * len(mine):
        return known  # no single answer shares more than all of them do
    for other in others:
        theirs = shingles(other)
        common = len(shared & theirs)
        known = max(known, common / (len(mine) + len(theirs) - common or 1))
    return known


@functools.lru_cache(maxsize=64)
def _runs(replies: Replies) -> frozenset[int]:
    return frozenset().union(*map(shingles, replies))


REPETITION = Scorer(
    id=Slug("repetition"),
    version=1,
    tracks=("primary", "training"),
    quantities={"loops": "rate", "within": "mean", "similarity": "mean"},
    rules=rules({"loop": LOOP, "context": CONTEXT, "tokens": tokens.RULES}),
    score=_score,
    context=CONTEXT,
)
