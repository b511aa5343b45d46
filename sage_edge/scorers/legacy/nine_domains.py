"""raising/1: nine domains of a question and its answer, their mean and their evenness ("R").

d1, d8       0.4 and 0.7, always
d2           by characters of the answer: 0.8 over 500, 0.6 over 300, 0.5 over 150, else 0.3
d3           0.3 + 0.05 per `.`, `?` or `!`, at most 0.9
d4           0.3 + 0.05 per word that question and answer share, at most 0.9; lower case, punctuation attached
d5           with weak phrases: 0.7 - 0.2 each, at least 0.2; else with strong ones: 0.5 + 0.1 each, at most 0.9;
             else 0.5
d6, d7       0.3 + 0.1 per phrase of feeling, 0.4 + 0.1 per phrase of time; at most 0.8
d9           0.3 if one of the abstract phrases stands there, else 0.7
coherence    C, the mean of d1 to d9
gamma        1 - their population standard deviation
d5-disjoint  d5 without the four weak phrases that d9 uses as well: for asking what is left of a coupling
n            all answers; phrases (legacy_markers) are substrings of the lower-cased answer, each counted once

Source: legacy §5.3; repository dp-web4/SAGE, commit 5b924e16. d5-disjoint: legacy §6.3, last column.
Weakness: d5 and d9 share four phrases, so their correlation is built in; d9 has two values; "pure" hits "purely",
"just a" hits "just about", "now" hits "know".
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from sage_edge.names import Slug
from sage_edge.records.dialogue import Dialogue
from sage_edge.scorers.base import Mark, Marks, QuantityKind, Scorer, rules
from sage_edge.scorers.legacy import markers
from sage_edge.scorers.legacy.markers import PhraseList, TextReading, read

D1, D8 = 0.4, 0.7
D2 = ((500, 0.8), (300, 0.6), (150, 0.5), (-1, 0.3))
"""More characters than this, and then the value."""

QUANTITIES: dict[str, QuantityKind] = {
    **{f"d{number}": "mean" for number in range(1, 10)},
    "coherence": "mean",
    "gamma": "mean",
    "d5-disjoint": "mean",
}


def domains(question: str, answer: str) -> tuple[float, ...]:
    """Return d1 to d9 of one answer, each in [0.2, 0.9]."""
    reading = read(answer)
    shared = reading.words & set(question.lower().split())
    stops = answer.count(".") + answer.count("?") + answer.count("!")
    return (
        D1,
        next(value for over, value in D2 if len(answer) > over),
        min(0.9, 0.3 + 0.05 * stops),
        min(0.9, 0.3 + 0.05 * len(shared)),
        _trust(reading, markers.WEAK),
        min(0.8, 0.3 + 0.1 * reading.hits(markers.FELT)),
        min(0.8, 0.4 + 0.1 * reading.hits(markers.TEMPORAL)),
        D8,
        0.3 if reading.hits(markers.ABSTRACT) else 0.7,
    )


def coherence(values: Sequence[float]) -> float:
    """Return C, the mean of d1 to d9."""
    return sum(values) / len(values)


def gamma(values: Sequence[float]) -> float:
    """Return 1 minus the population standard deviation of d1 to d9: 1 if all are equal."""
    return 1 - math.dist(values, [coherence(values)] * len(values)) / math.sqrt(len(values))


def disjoint_trust(answer: str) -> float:
    """Return d5 of one answer without the phrases that d9 uses as well."""
    return _trust(read(answer), markers.WEAK_ALONE)


def _trust(reading: TextReading, weak: PhraseList) -> float:
    if against := reading.hits(weak):
        return max(0.2, 0.7 - 0.2 * against)
    return min(0.9, 0.5 + 0.1 * reading.hits(markers.STRONG))


def _score(dialogue: Dialogue, _: Sequence[Dialogue]) -> Marks:
    rows = []
    for answer in dialogue.replayed:
        values = domains(answer.prompt, answer.reply)
        rows.append((answer.turn, (*values, coherence(values), gamma(values), disjoint_trust(answer.reply))))
    return {name: [Mark(turn, values[at]) for turn, values in rows] for at, name in enumerate(QUANTITIES)}


RAISING = Scorer(
    id=Slug("raising"),
    version=1,
    tracks=("primary",),
    quantities=QUANTITIES,
    rules=rules(
        {
            "d1": D1,
            "d2": D2,
            "d3": [".", "?", "!"],
            "d5": {"strong": markers.STRONG.phrases, "weak": markers.WEAK.phrases},
            "d6": markers.FELT.phrases,
            "d7": markers.TEMPORAL.phrases,
            "d8": D8,
            "d9": markers.ABSTRACT.phrases,
            "d5-disjoint": markers.WEAK_ALONE.phrases,
        }
    ),
    score=_score,
)
