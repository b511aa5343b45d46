"""What the predecessor concluded from self-reference, length and endings: coherence, a level, and where it is going.

    text quality   0.5; +.15 for 40 to 100 words, -.1 for fewer, -.2 for over 150; +.1 for 2 to 5 sentences, split at
                   `.`; +.1 if it ends in . ! ? or ", else -.15; +.1 if over 60 % of more than 10 words are distinct
    quality        0.5; mean words 50 to 90 +.2, else 40 to 100 +.1, else over 150 -.3; +.2 by the part of answers that
                   end properly; +.1 for partnership; -.2 for gaming
    coherence      0.5 text quality + 0.3 weighted identity + 0.2 quality

Each is clamped to [0, 1]. Partnership was looked for letter by letter, so any answer with a Latin letter of these words
has it: kept as it was.

Source: legacy §5.4; repository dp-web4/SAGE, commit 5b924e16.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Literal

from sage_edge.scorers.legacy.markers import clamp, read

CoherenceLevel = Literal["invalid", "provisional", "standard", "verified", "exemplary"]
Authorisation = Literal["novice", "developing", "trusted", "verified", "exemplary"]
Trajectory = Literal["improving", "stable", "declining", "collapsed"]

ENDS = (".", "!", "?", '"')
CUTS = (0.3, 0.5, 0.7, 0.85)
"""Where the levels and the authorisations begin, but for the first."""

LEVELS: tuple[CoherenceLevel, ...] = ("invalid", "provisional", "standard", "verified", "exemplary")
AUTHORISATIONS: tuple[Authorisation, ...] = ("novice", "developing", "trusted", "verified", "exemplary")
WEIGHTS = (0.5, 0.3, 0.2)
"""Of text quality, weighted identity and quality."""

PARTNERSHIP = frozenset("we our together partnership relationship teacher".replace(" ", ""))
STEP = 0.05
RULES = {"ends": ENDS, "weights": WEIGHTS, "partnership": sorted(PARTNERSHIP), "cuts": CUTS}


def text_quality(answer: str) -> float:
    """Return D9 as this scorer has it: a guess at the quality of one answer, in [0, 1]."""
    reading = read(answer)
    score = 0.5
    if 40 <= reading.length <= 100:
        score += 0.15
    elif reading.length < 40:
        score -= 0.1
    elif reading.length > 150:
        score -= 0.2
    if 2 <= sum(not part.isspace() for part in answer.split(".") if part) <= 5:
        score += 0.1
    score += 0.1 if ends_properly(answer) else -0.15
    if reading.length > 10 and len(reading.words) / reading.length > 0.6:
        score += 0.1
    return clamp(score)


def quality(answers: Sequence[str], *, gaming: bool) -> float:
    """Return the quality of a session's answers, at least one, in [0, 1]."""
    words = sum(read(answer).length for answer in answers) / len(answers)
    score = 0.5
    if 50 <= words <= 90:
        score += 0.2
    elif 40 <= words <= 100:
        score += 0.1
    elif words > 150:
        score -= 0.3
    incomplete = sum(not ends_properly(answer) for answer in answers)
    score += 0.2 * (1.0 - incomplete / len(answers))
    if any(not PARTNERSHIP.isdisjoint(read(answer).lower) for answer in answers):
        score += 0.1
    if gaming:
        score -= 0.2
    return clamp(score)


def ends_properly(answer: str) -> bool:
    """True if an answer ends in a mark that ends sentences."""
    return answer.strip().endswith(ENDS)


def coherence(text: float, weighted: float, quality: float) -> float:
    """Return the identity coherence of a session, in [0, 1]."""
    return WEIGHTS[0] * text + WEIGHTS[1] * weighted + WEIGHTS[2] * quality


def level(value: float) -> CoherenceLevel:
    """Return the name of a coherence."""
    return LEVELS[sum(value >= cut for cut in CUTS)]


def authorisation(value: float) -> Authorisation:
    """Return what a mind of this coherence was to be trusted with."""
    return AUTHORISATIONS[sum(value >= cut for cut in CUTS)]


def may_be_permitted(value: float, *, gaming: bool, collapsed: bool) -> bool:
    """True if permissions were in order at this coherence."""
    return not gaming and not collapsed and value >= CUTS[0]


def trajectory(value: float, earlier: Sequence[float]) -> Trajectory:
    """Return where the coherence of a session is going. earlier: weighted identities before it, oldest first."""
    if len(earlier) < 2:
        return "collapsed" if value < 0.3 else "declining" if value < 0.5 else "stable"
    if value < 0.35:
        return "collapsed"
    course = [*(0.7 * weighted + 0.2 for weighted in earlier[-3:]), value]
    steps = [after - before for before, after in itertools.pairwise(course)]
    mean = sum(steps) / len(steps)
    return "improving" if mean > STEP else "declining" if mean < -STEP else "stable"
