"""Change points of a score: one, several, or a run of sessions that fell out of line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sage_edge.analysis.statistics.estimate import (
    LEVEL,
    ROUNDS,
    SAME,
    Floats,
    Significance,
    affordable,
    batches,
    numbers,
    share,
    why_undefined,
)

POINT = "largest CUSUM of the mean, permutation p (Hinkley 1970; Worsley 1979)"
RUN = "lowest or highest run of that length anywhere, permutation p (scan statistic; Naus 1965)"
LEAST = 2
"""Sessions on either side of a change; one alone is an outlier."""


@dataclass(frozen=True)
class LevelChange:
    """at: the index of the first value after the change. before, after: the means of the two stretches."""

    at: int | None
    before: float | None
    after: float | None
    chance: Significance


def change_point(values: Sequence[float], *, seed: int, rounds: int = ROUNDS) -> LevelChange:
    """Return the one best split of a series into two levels, and how often a shuffled series splits as well.

    Undefined for n < 4 or a constant series. Raises ValueError for values that are not finite.
    Sources: D. V. Hinkley, Inference about the change-point in a sequence of random variables, Biometrika 57 (1970)
    1-17; K. J. Worsley, On the likelihood ratio test for a shift in location, JASA 74 (1979) 365-367.
    """
    array = numbers(values)
    n = int(array.size)
    if reason := why_undefined(2 * LEAST, array):
        return LevelChange(None, None, None, Significance(None, n, POINT, undefined=reason))
    sizes = _splits(array[None, :])[0]
    at = int(np.argmax(sizes)) + LEAST
    draw, rounds = np.random.default_rng(seed), affordable(rounds, n)
    hits = sum(
        int(np.sum(_splits(draw.permuted(np.tile(array, (count, 1)), axis=1)).max(axis=1) >= sizes.max() - SAME))
        for count in batches(rounds, n)
    )
    chance = Significance(share(hits, rounds), n, POINT, seed)
    return LevelChange(at, float(array[:at].mean()), float(array[at:].mean()), chance)


def _splits(rows: Floats) -> Floats:
    """The size of the step at every allowed place of each row, in standard errors times a constant of the row."""
    n = rows.shape[1]
    centred = rows - rows.mean(axis=1, keepdims=True)
    k = np.arange(LEAST, n - LEAST + 1)
    sums = np.abs(np.cumsum(centred, axis=1)[:, LEAST - 1 : n - LEAST])
    steps: Floats = sums / np.sqrt(k * (n - k) / n)
    return steps


def change_points(values: Sequence[float], *, seed: int, level: float = LEVEL, rounds: int = ROUNDS) -> tuple[int, ...]:
    """Return where a series changes its level, as indices of first values, in order: splits that chance rarely makes.

    Binary segmentation: each stretch is split at its best point as long as its p is below `level`; small stretches
    between two large ones may be missed. Source: A. J. Scott, M. Knott, A cluster analysis method for grouping means
    in the analysis of variance, Biometrics 30 (1974) 507-512.
    """
    places: list[int] = []
    stretches = [(0, len(values))]
    while stretches:
        start, end = stretches.pop()
        change = change_point(values[start:end], seed=seed, rounds=rounds)
        if change.at is not None and change.chance.p is not None and change.chance.p < level:
            places.append(start + change.at)
            stretches += [(start, start + change.at), (start + change.at, end)]
    return tuple(sorted(places))


def unusual_run(
    values: Sequence[float], start: int, length: int, *, seed: int, low: bool, rounds: int = ROUNDS
) -> Significance:
    """Return how often a shuffled series holds, anywhere, a run of that length with a mean as low (or as high).

    The run was chosen after looking, so it is compared with the best run of each shuffle and not with its own place.
    Raises ValueError if the run does not lie within the series. Source: J. I. Naus, The distribution of the size of the
    maximum cluster of points on a line, JASA 60 (1965) 532-538.
    """
    array = numbers(values)
    n = int(array.size)
    if not 0 < length <= n or not 0 <= start <= n - length:
        raise ValueError(f"a run of {length} from {start} does not lie within {n} values")
    if reason := why_undefined(length + 1, array):
        return Significance(None, n, RUN, undefined=reason)
    signed = -array if low else array
    seen = float(signed[start : start + length].sum()) - SAME
    draw, rounds = np.random.default_rng(seed), affordable(rounds, n)
    hits = 0
    for count in batches(rounds, n):
        shuffled = draw.permuted(np.tile(signed, (count, 1)), axis=1)
        sums = np.cumsum(np.pad(shuffled, ((0, 0), (1, 0))), axis=1)
        hits += int(np.sum((sums[:, length:] - sums[:, :-length]).max(axis=1) >= seen))
    return Significance(share(hits, rounds), n, RUN, seed)
