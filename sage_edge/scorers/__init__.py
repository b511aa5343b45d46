"""Session → numbers: each scorer with an id, a version, a definition and its source; pure, standard library only."""

from __future__ import annotations

from sage_edge.scorers.base import Mark, Marks, QuantityKind, Scorer, measure, measures
from sage_edge.scorers.current.confabulation import CONFABULATION
from sage_edge.scorers.current.grounding import GROUNDING
from sage_edge.scorers.current.identity import IDENTITY
from sage_edge.scorers.current.refinement import REFINEMENT
from sage_edge.scorers.current.repetition import REPETITION
from sage_edge.scorers.current.training_strict import TRAINING_STRICT
from sage_edge.scorers.current.truncation import TRUNCATION
from sage_edge.scorers.current.turn_marker import TURN_MARKER
from sage_edge.scorers.earlier.confabulation import EARLIER_CONFABULATION
from sage_edge.scorers.earlier.grounding import EARLIER_GROUNDING
from sage_edge.scorers.earlier.identity import EARLIER_IDENTITY
from sage_edge.scorers.earlier.training_strict import EARLIER_TRAINING_STRICT
from sage_edge.scorers.interval import mean_interval, wilson
from sage_edge.scorers.legacy.edge import EDGE
from sage_edge.scorers.legacy.nine_domains import RAISING
from sage_edge.scorers.legacy.r6_trust import R6
from sage_edge.scorers.legacy.self_reference import SELF_REFERENCE
from sage_edge.scorers.legacy.semantic import SEMANTIC
from sage_edge.scorers.legacy.snarc import SNARC
from sage_edge.scorers.text.substring import SUBSTRING

OURS: tuple[Scorer, ...] = (IDENTITY, GROUNDING, CONFABULATION, REPETITION, TRUNCATION, TURN_MARKER, TRAINING_STRICT)
"""What findings are made of, in the order in which they list it."""

EARLIER: tuple[Scorer, ...] = (EARLIER_IDENTITY, EARLIER_GROUNDING, EARLIER_CONFABULATION, EARLIER_TRAINING_STRICT)
"""Earlier versions of ours, which made findings that stand published: computable for ever, and used for nothing new."""

LEGACY: tuple[Scorer, ...] = (EDGE, RAISING, SEMANTIC, R6, SUBSTRING, SELF_REFERENCE, SNARC, REFINEMENT)
"""What the system before computed, replayed to the last digit: to test its claims, never to make new ones."""

ALL: tuple[Scorer, ...] = OURS + EARLIER + LEGACY


def find(scorer: str, version: int) -> Scorer | None:
    """Return the scorer of this id and version, or None."""
    return next((known for known in ALL if known.id == scorer and known.version == version), None)


__all__ = [
    "ALL",
    "EARLIER",
    "LEGACY",
    "OURS",
    "QuantityKind",
    "Mark",
    "Marks",
    "Scorer",
    "find",
    "mean_interval",
    "measure",
    "measures",
    "wilson",
    "CONFABULATION",
    "GROUNDING",
    "IDENTITY",
    "REPETITION",
    "TRAINING_STRICT",
    "TRUNCATION",
    "TURN_MARKER",
    "EARLIER_CONFABULATION",
    "EARLIER_GROUNDING",
    "EARLIER_IDENTITY",
    "EARLIER_TRAINING_STRICT",
    "EDGE",
    "R6",
    "RAISING",
    "REFINEMENT",
    "SELF_REFERENCE",
    "SEMANTIC",
    "SNARC",
    "SUBSTRING",
]
