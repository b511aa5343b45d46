"""Correction of p-values for multiple tests: a report of twenty tests finds something by chance alone.

Claims are corrected with Holm, which holds whatever the dependence between them.
"""

from __future__ import annotations

from collections.abc import Sequence

HOLM = "Holm 1979"


def holm(ps: Sequence[float | None]) -> tuple[float | None, ...]:
    """Return the adjusted p-values, in the same order; one that does not exist stays None and is not counted.

    Source: S. Holm, A simple sequentially rejective multiple test procedure, Scand. J. Statist. 6 (1979) 65-70.
    """
    order, known = _ordered(ps)
    adjusted: dict[int, float] = {}
    highest = 0.0
    for rank, place in enumerate(order):
        highest = max(highest, min(1.0, (len(order) - rank) * known[place]))
        adjusted[place] = highest
    return tuple(adjusted.get(place) for place in range(len(ps)))


def _ordered(ps: Sequence[float | None]) -> tuple[list[int], dict[int, float]]:
    known = {place: p for place, p in enumerate(ps) if p is not None}
    if not all(0 <= p <= 1 for p in known.values()):
        raise ValueError(f"expected p-values in [0, 1], got {list(known.values())}")
    return sorted(known, key=lambda place: known[place]), known
