"""Transcript → rate: each scorer with an id, a version, a definition and its source; pure, standard library only."""

from __future__ import annotations

from sage_edge.scorers.base import Scorer, measure
from sage_edge.scorers.interval import wilson
from sage_edge.scorers.self_reference import SELF_REFERENCE
from sage_edge.scorers.training_strict import TRAINING_STRICT
from sage_edge.scorers.truncation import TRUNCATION

ALL: tuple[Scorer, ...] = (SELF_REFERENCE, TRUNCATION, TRAINING_STRICT)
"""Every scorer, in the order in which findings list them."""


def find(scorer: str, version: int) -> Scorer | None:
    """Return the scorer of this id and version, or None."""
    return next((one for one in ALL if one.id == scorer and one.version == version), None)


__all__ = ["ALL", "SELF_REFERENCE", "TRAINING_STRICT", "TRUNCATION", "Scorer", "find", "measure", "wilson"]
