"""substring/1: how many exercises of a training session passed by the predecessor's first evaluator ("E1").

rate     1 for an answer that passes, else 0; the first rule that applies decides:
         exact         what was expected is a substring of the answer
         number-word   a digit was expected, and its word is a substring (0 to 10; only from T012 on)
         number-digit  a number word was expected, and its digit is a substring (the same)
         partial       at least half of the expected words are substrings
n        answers to exercises of the older kind, which list a phrase and give it no type; all in lower case

A session without a number is judged by the later rules.

Source: legacy §5.5, E1; repository dp-web4/SAGE, commit 5b924e16. Replays 134 of 134 stored judgements of T001-T029.
Weakness: "no" passes in "knowledge" and "enough", "4" in "14"; half of "what thing" is "what". The regression of T024
is made of such passes: compare training-strict.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from sage_edge.names import Slug
from sage_edge.records.dialogue import Dialogue
from sage_edge.scorers.base import Mark, Marks, Scorer, rules

Match = Literal["exact", "number-word", "number-digit", "partial", "none"]

NUMBERS_FROM = 12
"""The first training session whose evaluator knew number words."""

WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
ENOUGH = 0.5
"""The part of the expected words that is enough."""

_WORD_OF = {str(number): word for number, word in enumerate(WORDS)}
_DIGIT_OF = {word: digit for digit, word in _WORD_OF.items()}


def match(expected: str, answer: str, *, numbers: bool) -> Match:
    """Return the first rule by which an answer passes. numbers: whether the evaluator knew number words."""
    wanted, reply = expected.lower(), answer.lower()
    if wanted in reply:
        return "exact"
    if numbers and wanted in _WORD_OF and _WORD_OF[wanted] in reply:
        return "number-word"
    if numbers and wanted in _DIGIT_OF and _DIGIT_OF[wanted] in reply:
        return "number-digit"
    words = wanted.split()
    return "partial" if words and sum(word in reply for word in words) >= ENOUGH * len(words) else "none"


def knows_numbers(dialogue: Dialogue) -> bool:
    """True if the evaluator of this session's time knew number words."""
    return dialogue.number is None or dialogue.number >= NUMBERS_FROM


def _score(dialogue: Dialogue, _: Sequence[Dialogue]) -> Marks:
    numbers = knows_numbers(dialogue)
    judged = [answer for answer in dialogue.replayed if answer.kind == "exercise" and answer.expected]
    passed = [match(" ".join(answer.expected), answer.reply, numbers=numbers) != "none" for answer in judged]
    return {"rate": [Mark(answer.turn, float(good)) for answer, good in zip(judged, passed, strict=True)]}


SUBSTRING = Scorer(
    id=Slug("substring"),
    version=1,
    tracks=("training",),
    quantities={"rate": "rate"},
    rules=rules({"numbers_from": NUMBERS_FROM, "words": WORDS, "enough": ENOUGH}),
    score=_score,
)
