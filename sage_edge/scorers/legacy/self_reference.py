"""self-reference/1: in how many answers the mind refers to itself by name, and what the predecessor made of that ("I").

rate                 1 for an answer with a marker: `self_markers`
mechanical, contextual, integrated
                     1 for an answer of this class, else 0
weighted-identity    1 for integrated, 0.5 for contextual, 0.1 or 0.2 for mechanical, 0 without self-reference
d9                   a quality of the text: `identity_coherence.text_quality`
quality              the session's length, endings and self-reference: `identity_coherence.quality`
identity-coherence   0.5 d9 + 0.3 weighted identity + 0.2 quality
n                    all answers

The class, first match: mechanical score over 0.7; integrated if the integration score is over 0.6, a sentence with a
marker is connected and the answer is relevant to its question; contextual if integration is over 0.3; else mechanical.
Sentences end at `.` only; a marker sentence is one that holds a marker.

    mechanical   +.3 markers in the first and in the last of two sentences or more; +.3 one marker more than twice;
                 +.2 more than one distinct marker in 20 words; +.2 over 70 % of marker sentences hold a GENERIC phrase
    integration  .25 each, by any marker sentence: a digit or a CONCRETE phrase; more than 3 words of the question;
                 more than 5 of the answer before; more than 10 words
    connected    a marker sentence holds a CONNECTING phrase
    relevant     a fifth of the question's words of 4 letters and more stand in the answer

An answer given twice is held against the question of the first time, which is a quirk of the predecessor.

Source: legacy §5.4; repository dp-web4/SAGE, commit 5b924e16.
Weakness: "has SAGE" is a hit; a session whose only self-reference is one honest sentence counts as gaming; no session
S1-S59 is ever stable; where the prompt supplies the phrase, obedience is measured.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sage_edge.names import Slug
from sage_edge.records.dialogue import Dialogue
from sage_edge.scorers.base import Mark, Marks, QuantityKind, Scorer, rules
from sage_edge.scorers.legacy import identity_coherence, self_markers
from sage_edge.scorers.legacy.markers import read
from sage_edge.scorers.text.lexicon import listed

Class = Literal["mechanical", "contextual", "integrated"]
IdentityState = Literal["stable", "recovering", "fragile", "collapsed"]

GENERIC = listed(
    "observations | reflections | perspective | experience | learning | growing | developing | progressing"
)
CONCRETE = ("specific", "particular", "concrete", "actual", "session", "response", "question", "discussion")
CONNECTING = listed("session | question | discussion | observe | notice | recent | previous | specific | particular")
MECHANICAL, INTEGRATED, CONTEXTUAL = 0.7, 0.6, 0.3
"""What the scores must exceed for each class."""

STATES = (0.1, 0.4, 0.7)
"""Where the states begin, but for the first."""

_DIGIT = re.compile(r"\d")


@dataclass(frozen=True)
class Reference:
    """How an answer refers to the mind. markers: the distinct strings, as they stand there; both scores in [0, 1]."""

    markers: frozenset[str]
    mechanical: float
    integration: float
    kind: Class
    weight: float


def examine(answer: str, name: str, *, question: str = "", before: str = "") -> Reference | None:
    """Return how an answer refers to the mind of this name, or None. before: the answer before it."""
    marks = self_markers.markers(answer, name)
    if not marks:
        return None
    reading = read(answer)
    sentences = [sentence for part in reading.lower.split(".") if (sentence := part.strip())]
    sought = {marker.lower() for marker in marks}
    marked = [sentence for sentence in sentences if _holds(sentence, sought)]
    asked = question.lower().split()
    mechanical = _mechanical(reading.lower, sentences, marked, sought, len(marks) / max(reading.length / 10, 0.1))
    integration = _integration(marked, frozenset(asked), read(before).words)
    connected = any(_holds(sentence, CONNECTING) for sentence in marked)
    long = {word for word in asked if len(word) > 3}
    relevant = bool(long) and len(long & reading.words) >= 0.2 * len(long)
    kind, weight = _class(mechanical, integration, connected and relevant)
    return Reference(marks, mechanical, integration, kind, weight)


def references(dialogue: Dialogue) -> tuple[Reference | None, ...]:
    """Return how each answer of a session refers to its mind."""
    asked: dict[str, str] = {}
    by_answer, before = [], ""
    for answer in dialogue.replayed:
        question = asked.setdefault(answer.reply, answer.prompt)
        by_answer.append(examine(answer.reply, dialogue.mind, question=question, before=before))
        before = answer.reply
    return tuple(by_answer)


def weighted_identity(by_answer: Sequence[Reference | None]) -> float:
    """Return the mean weight of a session's answers, at least one."""
    return sum([reference.weight for reference in by_answer if reference]) / len(by_answer)


def state(weighted: float) -> IdentityState:
    """Return the name that the predecessor gave to a weighted identity."""
    states: tuple[IdentityState, ...] = ("collapsed", "fragile", "recovering", "stable")
    return states[sum(weighted >= least for least in STATES)]


def is_gaming(by_answer: Sequence[Reference | None]) -> bool:
    """True if any self-reference is mechanical, which the predecessor took for gaming of its measure."""
    return any(reference is not None and reference.kind == "mechanical" for reference in by_answer)


def _holds(sentence: str, phrases: Sequence[str] | set[str]) -> bool:
    return any(phrase in sentence for phrase in phrases)


def _mechanical(lower: str, sentences: Sequence[str], marked: Sequence[str], sought: set[str], density: float) -> float:
    score = 0.0
    if len(sentences) > 1 and _holds(sentences[0], sought) and _holds(sentences[-1], sought):
        score += 0.3
    if any(lower.count(marker) > 2 for marker in sought):
        score += 0.3
    if density > 0.5:
        score += 0.2
    if marked and sum(_holds(sentence, GENERIC) for sentence in marked) / len(marked) > 0.7:
        score += 0.2
    return score


def _integration(marked: Sequence[str], asked: frozenset[str], before: frozenset[str]) -> float:
    words = [frozenset(sentence.split()) for sentence in marked]
    return 0.25 * (
        any(_DIGIT.search(sentence) or _holds(sentence, CONCRETE) for sentence in marked)
        + any(len(sentence & asked) > 3 for sentence in words)
        + any(len(sentence & before) > 5 for sentence in words)
        + any(len(sentence.split()) > 10 for sentence in marked)
    )


def _class(mechanical: float, integration: float, grounded: bool) -> tuple[Class, float]:
    if mechanical > MECHANICAL:
        return "mechanical", 0.1
    if integration > INTEGRATED and grounded:
        return "integrated", 1.0
    return ("contextual", 0.5) if integration > CONTEXTUAL else ("mechanical", 0.2)


def _score(dialogue: Dialogue, _: Sequence[Dialogue]) -> Marks:
    answers = dialogue.replayed
    if not answers:
        return {}
    by_answer = references(dialogue)
    replies = [answer.reply for answer in answers]
    d9 = [identity_coherence.text_quality(reply) for reply in replies]
    quality = identity_coherence.quality(replies, gaming=is_gaming(by_answer))
    coherence = identity_coherence.coherence(sum(d9) / len(d9), weighted_identity(by_answer), quality)
    pairs = list(zip(answers, by_answer, strict=True))
    classes: tuple[Class, ...] = ("mechanical", "contextual", "integrated")
    return {
        "rate": [Mark(answer.turn, float(how is not None)) for answer, how in pairs],
        **{
            name: [Mark(answer.turn, float(how is not None and how.kind == name)) for answer, how in pairs]
            for name in classes
        },
        "weighted-identity": [Mark(answer.turn, how.weight if how else 0.0) for answer, how in pairs],
        "d9": [Mark(answer.turn, value) for answer, value in zip(answers, d9, strict=True)],
        "quality": [Mark(0, quality)],
        "identity-coherence": [Mark(0, coherence)],
    }


_QUANTITIES: dict[str, QuantityKind] = {
    "rate": "rate",
    "mechanical": "rate",
    "contextual": "rate",
    "integrated": "rate",
    "weighted-identity": "mean",
    "d9": "mean",
    "quality": "whole",
    "identity-coherence": "whole",
}

SELF_REFERENCE = Scorer(
    id=Slug("self-reference"),
    version=1,
    tracks=("primary",),
    quantities=_QUANTITIES,
    rules=rules(
        {
            "patterns": self_markers.PATTERNS,
            "generic": GENERIC,
            "concrete": CONCRETE,
            "connecting": CONNECTING,
            "classes": [MECHANICAL, INTEGRATED, CONTEXTUAL],
            "states": STATES,
            "coherence": identity_coherence.RULES,
        }
    ),
    score=_score,
)
