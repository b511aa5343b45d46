"""Trials as `fleet/trials/` declares them, and the allocation that researcher and practitioner compute alike."""

from sage_edge.trials.allocation import allocate, allocation_digest, place_of
from sage_edge.trials.catalogue import load
from sage_edge.trials.declarations import TrialCard
from sage_edge.trials.papers import TrialPapers

__all__ = ["TrialCard", "TrialPapers", "allocate", "allocation_digest", "load", "place_of"]
