"""snarc/1: how salient an answer is, by which the predecessor chose what its mind learned from in its sleep.

surprise    0.5 if nothing came before; else 1 - repeated / pieces: the answer split at `.`, empty pieces in the
            divisor; repeated are those that stand in the last five answers
novelty     0.5 if no word is known yet; else three times the part of distinct words that are new, at most 1
arousal     mean of words / 50 (0.3 to 1), question marks / 2 (at most 1) and phrases of feeling / 3 (at most 1)
reward      0.3, + 0.7 for two shared phrases, then + 0.3 for two precise ones, at most 1, then - 0.6 for two hedged
            ones, at least 0; half of each for one
conflict    phrases of doubt, correction and realisation / 6, at most 1
total       mean of the five
repetitive  1 for an answer whose words have Jaccard >= 0.85 with one of the last ten; it is not scored further
stored      1 for an answer that was scored, has a total of 0.5 or more, and was not stored before
collapsed   1 if there are three answers or more and over half of the pairs among the last ten have Jaccard >= 0.85
n           repetitive, stored: all answers; collapsed: the session; all others: the answers that are scored

A memory starts empty with each session, as it did with each start of the old process. Only the first 1,000 pieces of
an answer are compared, far more than any real one has.

Source: legacy §5.6; repository dp-web4/SAGE, commit 5b924e16.
Weakness: "we", "us" and "our" hit were, must and hour, so reward saturates; a loop of questions is arousing, so
collapsed text was stored; surprise is 0.5 or 1 in most answers.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence, Set
from dataclasses import dataclass
from typing import NamedTuple

from sage_edge.names import Slug
from sage_edge.records.dialogue import Dialogue
from sage_edge.scorers.base import Mark, Marks, QuantityKind, Scorer, rules
from sage_edge.scorers.legacy import markers
from sage_edge.scorers.legacy.markers import TextReading, read

SIMILAR = 0.85
"""Jaccard index of two answers' words from which they count as the same."""

STORE = 0.5
"""The least total that was stored."""

REMEMBERED, COMPARED, PIECES = 10, 5, 1000
"""Answers in which a repetition is looked for, answers in which a piece is, and pieces of an answer that are."""


class Salience(NamedTuple):
    """The five dimensions, each in [0, 1]."""

    surprise: float
    novelty: float
    arousal: float
    reward: float
    conflict: float

    @property
    def total(self) -> float:
        """Their mean."""
        return sum(self) / 5


@dataclass(frozen=True)
class Memory:
    """What the scorer remembers of the answers that it scored. previous: the last five, lower case."""

    previous: tuple[str, ...] = ()
    vocabulary: frozenset[str] = frozenset()

    def after(self, answer: str) -> Memory:
        """Return the memory that has this answer as well."""
        reading = read(answer)
        return Memory((*self.previous, reading.lower)[-COMPARED:], self.vocabulary | reading.words)


@dataclass(frozen=True)
class Tools:
    """What an answer did with tools."""

    calls: int
    distinct: int
    successes: int
    failures: int


def salience(answer: str, memory: Memory) -> Salience:
    """Return how salient an answer is to somebody with this memory."""
    return _salience(read(answer), memory.previous, memory.vocabulary)


def with_tools(salience: Salience, tools: Tools) -> Salience:
    """Return the salience of an answer that used tools, each dimension at most 1."""
    if not tools.calls:
        return salience
    bonus = (0.2, 0.1 * tools.distinct, 0.15 * tools.calls, 0.3 * (tools.successes > 0), 0.2 * tools.failures)
    return Salience(*(min(value + more, 1.0) for value, more in zip(salience, bonus, strict=True)))


def is_repetitive(answer: str, recent: Sequence[str]) -> bool:
    """True if an answer has nearly the words of one of the last ten."""
    words = read(answer).words
    return any(_similar(words, read(previous).words) for previous in recent[-REMEMBERED:])


def is_collapsed(answers: Sequence[str]) -> bool:
    """True if the last ten answers, at least three, are mostly the same."""
    return _has_collapsed([read(answer).words for answer in answers[-REMEMBERED:]])


def name(prompt: str, answer: str) -> str:
    """Return the id under which an experience is stored: 16 hex digits."""
    return hashlib.sha256(f"{prompt}|{answer}".encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _salience(reading: TextReading, previous: Sequence[str], vocabulary: Set[str]) -> Salience:
    return Salience(
        _surprise(reading.lower, previous),
        _novelty(reading.words, vocabulary),
        _arousal(reading),
        _reward(reading),
        min(
            (reading.hits(markers.UNSURE) + reading.hits(markers.CORRECTING) + reading.hits(markers.REALISING)) / 6, 1.0
        ),
    )


def _surprise(lower: str, previous: Sequence[str]) -> float:
    if not previous:
        return 0.5
    pieces = lower.split(".", PIECES)[:PIECES]
    before = " ".join(previous)
    return 1.0 - sum([piece in before for word in pieces if (piece := word.strip())]) / len(pieces)


def _novelty(words: frozenset[str], vocabulary: Set[str]) -> float:
    if not vocabulary:
        return 0.5
    return min(3 * len(words - vocabulary) / max(len(words), 1), 1.0)


def _arousal(reading: TextReading) -> float:
    length = max(min(reading.length / 50, 1.0), 0.3)
    return (length + min(reading.lower.count("?") / 2, 1.0) + min(reading.hits(markers.AROUSING) / 3, 1.0)) / 3


def _reward(reading: TextReading) -> float:
    reward = 0.3 + 0.7 * min(reading.hits(markers.SHARED) / 2, 1.0)
    if precise := reading.hits(markers.PRECISE):
        reward = min(reward + 0.3 * min(precise / 2, 1.0), 1.0)
    return max(reward - 0.6 * min(reading.hits(markers.HEDGED) / 2, 1.0), 0.0)


def _has_collapsed(last: Sequence[frozenset[str]]) -> bool:
    pairs = [_similar(earlier, other) for at, earlier in enumerate(last) for other in last[:at]]
    return len(last) >= 3 and sum(pairs) > len(pairs) / 2


def _similar(left: frozenset[str], other: frozenset[str]) -> bool:
    fewer, more = (len(left), len(other)) if len(left) < len(other) else (len(other), len(left))
    if not fewer or fewer < SIMILAR * more:
        return False
    both = len(left & other)
    return both / (fewer + more - both) >= SIMILAR


def _score(dialogue: Dialogue, _: Sequence[Dialogue]) -> Marks:
    marks: dict[str, list[Mark]] = {quantity: [] for quantity in _QUANTITIES}
    words, previous, vocabulary, names = list[frozenset[str]](), list[str](), set[str](), set[str]()
    for answer in dialogue.replayed:
        reading = read(answer.reply)
        same = any(_similar(reading.words, other) for other in words[-REMEMBERED:])
        words.append(reading.words)
        stored = False
        if not same:
            salience = _salience(reading, previous[-COMPARED:], vocabulary)
            previous.append(reading.lower)
            vocabulary |= reading.words
            total = salience.total
            stored = total >= STORE and (key := name(answer.prompt, answer.reply)) not in names
            if stored:
                names.add(key)
            for quantity, value in zip(Salience._fields, salience, strict=True):
                marks[quantity].append(Mark(answer.turn, value))
            marks["total"].append(Mark(answer.turn, total))
        marks["repetitive"].append(Mark(answer.turn, float(same)))
        marks["stored"].append(Mark(answer.turn, float(stored)))
    if words:
        repeats = any(mark.value for mark in marks["repetitive"][-REMEMBERED:])
        marks["collapsed"].append(Mark(0, float(repeats and _has_collapsed(words[-REMEMBERED:]))))
    return marks


_QUANTITIES: dict[str, QuantityKind] = {
    **dict.fromkeys((*Salience._fields, "total"), "mean"),
    "repetitive": "rate",
    "stored": "rate",
    "collapsed": "whole",
}


SNARC = Scorer(
    id=Slug("snarc"),
    version=1,
    tracks=("primary",),
    quantities=_QUANTITIES,
    rules=rules(
        {
            "arousal": markers.AROUSING.phrases,
            "reward": {
                "shared": markers.SHARED.phrases,
                "precise": markers.PRECISE.phrases,
                "hedged": markers.HEDGED.phrases,
            },
            "conflict": {
                "unsure": markers.UNSURE.phrases,
                "correcting": markers.CORRECTING.phrases,
                "realising": markers.REALISING.phrases,
            },
            "similar": SIMILAR,
            "store": STORE,
            "windows": [REMEMBERED, COMPARED, PIECES],
        }
    ),
    score=_score,
)
