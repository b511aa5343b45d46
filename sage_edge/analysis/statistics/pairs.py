"""The difference of two series that share their session numbers: a pair is one value, and the session is the unit."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sage_edge.analysis.statistics import means
from sage_edge.analysis.statistics.coupling import neighbours
from sage_edge.analysis.statistics.estimate import (
    LEVEL,
    ROUNDS,
    SAME,
    Estimate,
    Floats,
    Significance,
    affordable,
    around,
    batches,
    numbers,
    share,
    varies,
)

FLIPPED = "sign-flip permutation test of paired differences, two-sided (Fisher 1935)"
BLOCKS = "mean, circular block bootstrap, runs of 5 (Politis and Romano 1992)"
RUN = 5
"""Neighbouring pairs that are drawn together: a session that remembers the one before it is no witness of its own."""


@dataclass(frozen=True)
class PairedEffect:
    """difference: mean of `after` minus `before`, over pairs. in_blocks: the same, where neighbours may be alike.

    deviation: of single differences, 0 where they are all the same. likeness: correlation of a difference with the one
    before it, None where it cannot be known.
    """

    difference: Estimate
    in_blocks: Estimate
    chance: Significance
    deviation: float
    likeness: float | None


def of_pairs(before: Sequence[float], after: Sequence[float], *, seed: int, rounds: int = ROUNDS) -> PairedEffect:
    """Return the effect over pairs, one of each side per session, oldest first.

    Raises ValueError for sides of different length, for fewer than two pairs, and for values that are not finite.
    Sources: B. Efron, JASA 82 (1987) 171-185 (the interval); R. A. Fisher, The design of experiments (1935), ch. 3 (the
    test); D. N. Politis, J. P. Romano, in Exploring the limits of bootstrap (1992) 263-270 (blocks).
    """
    x, y = numbers(before), numbers(after)
    if x.size != y.size or x.size < 2:
        raise ValueError(f"expected two pairs or more, got {x.size} and {y.size} values")
    differences = y - x
    likeness = neighbours(differences.tolist()) if x.size > RUN else None
    return PairedEffect(
        difference=means.mean(differences.tolist(), seed=seed, rounds=rounds),
        in_blocks=_in_blocks(differences, seed, rounds),
        chance=_flipped(differences, seed, rounds),
        deviation=float(differences.std(ddof=1)) if varies(differences) else 0.0,
        likeness=None if likeness is None else likeness.value,
    )


def _flipped(differences: Floats, seed: int, rounds: int) -> Significance:
    n = int(differences.size)
    if float(np.abs(differences).max()) <= SAME:
        return Significance(None, n, FLIPPED, undefined="no variation")
    seen = abs(float(differences.sum())) - SAME
    draw, rounds = np.random.default_rng(seed), affordable(rounds, n)
    hits = sum(
        int(np.sum(np.abs((draw.integers(0, 2, (count, n)) * 2 - 1) @ differences) >= seen))
        for count in batches(rounds, n)
    )
    return Significance(share(hits, rounds), n, FLIPPED, seed)


def _in_blocks(differences: Floats, seed: int, rounds: int) -> Estimate:
    n, centre = int(differences.size), float(differences.mean())
    if n < 2 * RUN or not varies(differences):
        reason = "no variation" if n >= 2 * RUN else f"needs n >= {2 * RUN}"
        return Estimate(centre, None, None, n, BLOCKS, undefined=f"interval: {reason}")
    draw, count = np.random.default_rng(seed), math.ceil(n / RUN)
    starts = draw.integers(0, n, (affordable(rounds, n), count))
    places = (starts[:, :, None] + np.arange(RUN)).reshape(len(starts), -1)[:, :n] % n
    low, high = np.quantile(differences[places].mean(axis=1), (LEVEL / 2, 1 - LEVEL / 2))
    return Estimate(centre, *around(centre, float(low), float(high)), n, BLOCKS, seed)
