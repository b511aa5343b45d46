"""Theories and evidence for tests."""

from __future__ import annotations

from typing import Any

from sage_edge import files
from sage_edge.analysis.theories.declarations import TheoryCard
from sage_edge.names import HostName, Slug
from sage_edge.records.theory import TheoryEvidence

THOR, SPROUT = HostName("thor"), HostName("sprout")
NAME = Slug("named-is-self")
HOSTILE = "\x1b[2J\u202e<b>`rm`"


def card(**changed: Any) -> TheoryCard:
    """A theory that predicts one claim and one arm of a trial."""
    content: dict[str, Any] = {
        "statement": "A mind that is told its name gives it.",
        "source": "seeds",
        "today": "open",
        "why": "nobody looked",
        "predicts": [
            {"claim": "anchoring-helps", "how": "it rises"},
            {"trial": "name-anchoring", "arm": "named", "how": "by chance alone"},
        ],
    }
    return TheoryCard.model_validate({**content, **changed})


def of_claim(verdict: str = "supported", n: int = 8, mind: str = "Sage", **changed: Any) -> TheoryEvidence:
    """What a claim came to after some sessions."""
    content = {
        "by": "claim",
        "name": "anchoring-helps",
        "host": SPROUT,
        "mind": mind,
        "verdict": verdict,
        "speaks": "neither",
        "paper": files.digest(f"{verdict} {n}".encode()),
    }
    return TheoryEvidence.model_validate({**content, **changed})
