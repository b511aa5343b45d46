"""What each scorer counts, with the digest of its definition: two numbers compare only if it is the same."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Sequence

from sage_edge import scorers
from sage_edge.analysis.report.blocks import Definition, Section
from sage_edge.scorers.base import Scorer


def section(used: Sequence[Scorer] = scorers.ALL) -> Section:
    """Return a definition of every scorer."""
    return Section(
        "glossary",
        "Scorers",
        "A number means nothing without the rule that made it. These are the rules, with their known weaknesses.",
        tuple(map(_definition, used)),
    )


def _definition(scorer: Scorer) -> Definition:
    quantities = ", ".join(f"{name} ({kind})" for name, kind in scorer.quantities.items())
    lines = (
        f"tracks: {', '.join(scorer.tracks)}",
        f"quantities: {quantities}",
        f"definition: {scorer.definition}",
        *(f"evidence: {evidence}" for evidence in scorer.evidence),
    )
    return Definition(f"{scorer.id}/{scorer.version}", lines, text=text(scorer))


def meaning(scorer: str, version: int) -> str:
    """Return in one sentence what a scorer asks: `identity/2: in how many answers …`."""
    known = scorers.find(scorer, version)
    return text(known).split("\n", 1)[0] if known else f"{scorer}/{version}: a scorer that is not known here."


def text(scorer: Scorer) -> str:
    """Return what the scorer's own module says about it."""
    module = sys.modules[scorer.score.__module__]
    return inspect.cleandoc(module.__doc__ or "")
