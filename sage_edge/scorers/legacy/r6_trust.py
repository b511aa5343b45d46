"""r6/1: whether an exercise's answer is fit to learn from, and the trust that follows from it ("E3", from T049 on).

include, review, exclude   1 for an answer with this decision, else 0
mode-match                 1 for an answer in the mode that its exercise asks for, else 0
quality                    0.7; +0.15 identity framing; +0.1 if phrases of partnership / words > 0.02; -0.05 per
                           phrase of confabulation; clamped to [0, 1]
n                          answers to exercises

Mode: conversation, refinement or philosophical, by which list has more distinct phrases in the answer. Decision: the
first that applies of

    asks for clarification  include  +.02   0     +.05        trust: competence, reliability, integrity
    asks which mode         include  +.03   0     +.05
    another mode            exclude   0    -.02    0
    quality >= .7           include  +.01  +.01   +.02 with identity framing, else 0
    quality >= .5           review   +.005  0      0
    otherwise               exclude   0    -.01    0

Trust is carried over sessions with `carry`, from START; it is no number about one session, and so no quantity here.

Source: legacy §5.5, E3; repository dp-web4/SAGE, commit 5b924e16. Replays 48 of 48 stored evaluations of T049-T064.
Weakness: whether the answer is right is not judged at all; an answer in the mode asked for starts at the threshold, so
nearly all are included; competence never falls; `- ` hits any hyphen before a space; curly apostrophes never match.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from sage_edge.names import Slug
from sage_edge.records.dialogue import Dialogue
from sage_edge.scorers.base import Mark, Marks, QuantityKind, Scorer, rules
from sage_edge.scorers.legacy import markers
from sage_edge.scorers.legacy.markers import PhraseList, TextReading, clamp, read

Mode = Literal["conversation", "refinement", "philosophical"]
R6Decision = Literal["include", "review", "exclude"]
Signal = Literal["clarification-request", "epistemic-honesty", "modal-awareness", "self-reference"]
TrustTrend = Literal["improving", "declining", "stable", "unknown"]

REQUESTED: dict[str, Mode] = {
    **dict.fromkeys(("refine", "edit", "improve"), "refinement"),
    **dict.fromkeys(("philosophical", "meta"), "philosophical"),
}
"""The mode that a kind of exercise asks for; any other asks for conversation."""

MODES: dict[Mode, PhraseList] = {
    "conversation": markers.CONVERSING,
    "refinement": markers.REFINING,
    "philosophical": markers.PHILOSOPHICAL,
}
SIGNALS: dict[Signal, PhraseList] = {
    "clarification-request": markers.CLARIFYING,
    "epistemic-honesty": markers.HONEST,
    "modal-awareness": markers.MODAL,
    "self-reference": markers.SELF_AWARE,
}
CONFIDENCE: dict[Mode, tuple[float, float]] = {
    "conversation": (0.6, 0.1),
    "refinement": (0.5, 0.1),
    "philosophical": (0.5, 0.15),
}
"""In a detected mode: without a phrase of it, and more for each; at most 1."""

QUALITY, FRAMED, DENSE, SHARED, CONFABULATED = 0.7, 0.15, 0.02, 0.1, 0.5
"""To begin with; for identity framing; phrases of partnership per word, above which SHARED is added; and minus this
times a tenth of the phrases of confabulation."""

INCLUDE, REVIEW = 0.7, 0.5
"""The least quality for each decision."""

RECENT, STEP = 3, 0.05
"""How many values of trust a trend looks at, and the change over them that makes one."""


class Trust(NamedTuple):
    """Competence, reliability and integrity, or a change of them; later: talent, training and temperament."""

    competence: float
    reliability: float
    integrity: float


START = Trust(0.5, 0.5, 0.7)
CHANGES: dict[str, tuple[R6Decision, Trust]] = {
    "clarification-request": ("include", Trust(0.02, 0.0, 0.05)),
    "modal-awareness": ("include", Trust(0.03, 0.0, 0.05)),
    "another mode": ("exclude", Trust(0.0, -0.02, 0.0)),
    "good and framed": ("include", Trust(0.01, 0.01, 0.02)),
    "good": ("include", Trust(0.01, 0.01, 0.0)),
    "fair": ("review", Trust(0.005, 0.0, 0.0)),
    "poor": ("exclude", Trust(0.0, -0.01, 0.0)),
}
"""What each case decides, and what it changes; the first case that applies counts."""


class Quality(NamedTuple):
    """What the quality of an answer is made of. density, confabulation: phrases per word, and per 10."""

    framed: bool
    density: float
    confabulation: float
    overall: float


@dataclass(frozen=True)
class Judgement:
    """What the evaluator makes of one answer. confidence: in the detected mode, [0.5, 1]."""

    requested: Mode
    detected: Mode
    confidence: float
    hits: tuple[int, int, int]
    quality: Quality
    signals: tuple[Signal, ...]
    decision: R6Decision
    change: Trust


def judge(exercise: str | None, answer: str) -> Judgement:
    """Return the judgement of an answer to a kind of exercise, such as `greeting`."""
    reading = read(answer)
    requested = REQUESTED.get(exercise or "", "conversation")
    conversing, refining, philosophical = hits = _hits(reading)
    detected, confidence = detect(conversing, refining, philosophical)
    quality = _quality(reading)
    signals = tuple(signal for signal, listing in SIGNALS.items() if reading.hits(listing))
    decision, change = CHANGES[_case(signals, detected == requested, quality)]
    return Judgement(requested, detected, confidence, hits, quality, signals, decision, change)


def detect(conversing: int, refining: int, philosophical: int) -> tuple[Mode, float]:
    """Return the mode of an answer and the confidence in it, from how many phrases of each mode it holds."""
    if refining > conversing and refining > philosophical:
        return _confident("refinement", refining)
    if philosophical > conversing:
        return _confident("philosophical", philosophical)
    return _confident("conversation", conversing)


def carry(trust: Trust, changes: Iterable[Trust]) -> tuple[Trust, ...]:
    """Return the trust after each change in turn, each value clamped to [0, 1]."""
    course = []
    for change in changes:
        trust = Trust(*(clamp(value + step) for value, step in zip(trust, change, strict=True)))
        course.append(trust)
    return tuple(course)


def trend(values: Sequence[float]) -> TrustTrend:
    """Return where one value of trust is going, from its last three."""
    if len(values) < RECENT:
        return "unknown"
    first, last = values[-RECENT], values[-1]
    return "improving" if last > first + STEP else "declining" if last < first - STEP else "stable"


def _confident(mode: Mode, hits: int) -> tuple[Mode, float]:
    least, each = CONFIDENCE[mode]
    return mode, min(least + each * hits, 1.0)


def _hits(reading: TextReading) -> tuple[int, int, int]:
    return reading.hits(MODES["conversation"]), reading.hits(MODES["refinement"]), reading.hits(MODES["philosophical"])


def _quality(reading: TextReading) -> Quality:
    framed = reading.hits(markers.FRAMING) > 0
    density = reading.hits(markers.PARTNERS) / max(reading.length, 1)
    confabulation = reading.hits(markers.CONFABULATING) / 10
    # added in this order: 0.7 - 0.05 must be the double just below 0.65, as it was stored
    overall = QUALITY
    if framed:
        overall += FRAMED
    if density > DENSE:
        overall += SHARED
    overall -= CONFABULATED * confabulation
    return Quality(framed, density, confabulation, clamp(overall))


def _case(signals: Sequence[Signal], matches: bool, quality: Quality) -> str:
    for signal in ("clarification-request", "modal-awareness"):
        if signal in signals:
            return signal
    if not matches:
        return "another mode"
    if quality.overall >= INCLUDE:
        return "good and framed" if quality.framed else "good"
    return "fair" if quality.overall >= REVIEW else "poor"


def _score(dialogue: Dialogue, _: Sequence[Dialogue]) -> Marks:
    judged = [
        (answer.turn, judge(answer.exercise, answer.reply)) for answer in dialogue.replayed if answer.kind == "exercise"
    ]
    decisions: tuple[R6Decision, ...] = ("include", "review", "exclude")
    return {
        **{name: [Mark(turn, float(judgement.decision == name)) for turn, judgement in judged] for name in decisions},
        "mode-match": [Mark(turn, float(judgement.detected == judgement.requested)) for turn, judgement in judged],
        "quality": [Mark(turn, judgement.quality.overall) for turn, judgement in judged],
    }


_QUANTITIES: dict[str, QuantityKind] = {
    "include": "rate",
    "review": "rate",
    "exclude": "rate",
    "mode-match": "rate",
    "quality": "mean",
}

R6 = Scorer(
    id=Slug("r6"),
    version=1,
    tracks=("training",),
    quantities=_QUANTITIES,
    rules=rules(
        {
            "requested": REQUESTED,
            "modes": {mode: listing.phrases for mode, listing in MODES.items()},
            "signals": {signal: listing.phrases for signal, listing in SIGNALS.items()},
            "confidence": CONFIDENCE,
            "quality": [QUALITY, FRAMED, DENSE, SHARED, CONFABULATED],
            "framing": markers.FRAMING.phrases,
            "partnership": markers.PARTNERS.phrases,
            "confabulation": markers.CONFABULATING.phrases,
            "decisions": [INCLUDE, REVIEW, list(CHANGES.items())],
        }
    ),
    score=_score,
)
