"""What a grid of few answers alone does: how often two states are seen where no session has a state of its own.

A session of seven answers has one of eight values, and a grid's every point looks like a peak. So the same answers are
dealt to the sessions at random, again and again, and each deal is judged as if it were a corpus. Sessions that are
asked different questions look like states, too: whoever is asked for a name gives one. Answers can therefore be dealt
among those to the same question alone, which leaves what the questions do and takes away what a session does.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from sage_edge.analysis.claims.bistability import FAIR
from sage_edge.analysis.claims.schema import StatesClaim
from sage_edge.analysis.statistics import mixture, unimodality
from sage_edge.analysis.statistics.estimate import LEVEL, varies

DEALS = 999


@dataclass(frozen=True)
class GridAlarms:
    """How often, in [0, 1], each test sees two states in deals that hold none. None: no deal could be tested.

    dip: by its table, which knows of no grid. mixture: by the claim's own threshold. both: at once. deals: how many had
    sessions that differ at all.
    """

    dip: float | None
    mixture: float | None
    both: float | None
    deals: int
    seed: int


def alarms(
    claim: StatesClaim,
    sessions: Sequence[Sequence[float]],
    *,
    seed: int,
    rounds: int = DEALS,
    questions: Sequence[Sequence[Hashable]] | None = None,
) -> GridAlarms:
    """Return the false alarms of a grid.

    sessions: the answers' scores of each session, each at least one. questions: what each answer answers, where answers
    are to be dealt among those to the same question.
    """
    dealt = unimodality.deals(sessions, seed=seed, rounds=rounds, questions=questions)
    rows = [means for means in dealt if varies(means)]
    if not rows or len(sessions) < mixture.LEAST:
        return GridAlarms(None, None, None, 0, seed)
    gain, lower, upper, deviation, part = mixture.fits(np.array(rows), seed=seed)
    rarer = np.minimum(part, 1 - part)
    mixed = (gain >= claim.threshold) & ((upper - lower) / deviation > 2) & (rarer >= FAIR)
    dipped = np.array([(unimodality.dip(row.tolist()).chance.p or 0.0) <= LEVEL for row in rows])
    return GridAlarms(float(dipped.mean()), float(mixed.mean()), float((dipped & mixed).mean()), len(rows), seed)
