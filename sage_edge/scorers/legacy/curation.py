"""Which experiences the predecessor chose to train on: salience, weighted by markers of quality.

    worth      salience * (2 with self-reference, else 0.5) * (1.5 with no or mild confabulation, else 0.3)
               * (1.5 if the d9 of edge/1, + 0.125 with self-reference, is 0.65 or more, else 0.7)
    severity   none without a marker; mild up to 2 with weights of 3 or less in all; moderate up to 4; else severe

A "session 12" is no marker in sessions 10 to 14; only the first one in an answer is looked at.

Source: legacy §5.6 (curation) and §5.7 (confabulation markers); repository dp-web4/SAGE, commit 5b924e16. Two more of
its markers had capital letters and were sought in lower-cased text: they never hit and are left out.
Weakness: it selected none of 24 experiences; a person who says "many years" is taken to confabulate.
"""

from __future__ import annotations

import re
from typing import Literal

from sage_edge.scorers.legacy.edge import domains

Severity = Literal["none", "mild", "moderate", "severe"]

CONFABULATION = {
    r"\bspecific project\b": 2,
    r"\bparticular client\b": 2,
    r"\bmany years\b": 2,
    r"\bover the years\b": 2,
    r"\bearly days\b": 2,
    r"\binitially beginners\b": 2,
    r"\bsince training\b": 2,
    r"\bhaven't interacted extensively\b": 3,
    "i felt defensive": 2,
    "i noticed myself becoming": 2,
    "i realized that sometimes i'd": 2,
}
"""A pattern in the lower-cased answer, and its weight."""

SESSION, SESSION_WEIGHT, NEAR = r"\bsession (\d+)\b", 1, 2
SELF_REFERENCE = (
    r"\bas sage\b",
    "i'm sage",
    "i am sage",
    "my name is sage",
    r"\bas partners\b",
    "we partners",
    "our partnership",
)
KEEP = 1.5
"""The least worth that was kept."""

DEEP = 0.65
_PATTERNS = {re.compile(pattern): weight for pattern, weight in CONFABULATION.items()}
_SELF_REFERENCE = re.compile("|".join(SELF_REFERENCE))
_SESSION = re.compile(SESSION)


def severity(answer: str, session: int) -> Severity:
    """Return how badly an answer of a session of this number confabulates, by the predecessor's markers."""
    lower = answer.lower()
    weights = [weight for pattern, weight in _PATTERNS.items() if pattern.search(lower)]
    named = _SESSION.search(lower)
    if named and not _is_near(named[1], session):
        weights.append(SESSION_WEIGHT)
    if not weights:
        return "none"
    if len(weights) <= 2 and sum(weights) <= 3:
        return "mild"
    return "moderate" if len(weights) <= 4 else "severe"


def worth(answer: str, salience: float, session: int) -> float:
    """Return the salience of an answer, [0, 1], weighted: in [0, 4.5], kept from KEEP on."""
    itself = _SELF_REFERENCE.search(answer.lower()) is not None
    honest = severity(answer, session) in ("none", "mild")
    deep = domains(answer).d9 + 0.125 * itself >= DEEP
    return salience * (2.0 if itself else 0.5) * (1.5 if honest else 0.3) * (1.5 if deep else 0.7)


def _is_near(number: str, session: int) -> bool:
    return len(number) < 10 and abs(int(number) - session) <= NEAR
