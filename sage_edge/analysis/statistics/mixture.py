"""Mixture of two normal distributions against a single one, by the Bayesian information criterion: two states or one.

Both states share one deviation, so that a handful of equal scores does not become a state with no width. BIC favours
two states wherever scores are skewed, too, and a single odd session can be a state of its own: believe it only together
with a separation above 2, a fair share of the sessions in either state, and a dip.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from sage_edge.analysis.statistics.estimate import LEVEL, Floats, numbers, why_undefined

METHOD = "one normal against two of common deviation, EM, BIC (Schwarz 1978; Dempster, Laird and Rubin 1977)"
LEAST = 5
"""One more than the mixture has parameters."""

STEPS, SETTLED = 300, 1e-6
QUANTILES = ((0.25, 0.75), (0.1, 0.9), (0.02, 0.98))
DRAWN_STARTS = 3
FINEST = 0.01
"""No state is narrower than a hundredth of the scores' range: finer than that, scores are rounded."""


@dataclass(frozen=True)
class States:
    """What two states would look like, and what speaks for them.

    gain: BIC of one state minus BIC of two, in units of 2 ln; above 2 positive, above 6 strong, above 10 very strong
    for two (Kass and Raftery 1995), below 0 for one. separation: distance of the means in deviations, Ashman's D; two
    peaks need more than 2. upper_share: the part of the sessions in the upper state. None where undefined.
    """

    gain: float | None
    lower: float | None
    upper: float | None
    deviation: float | None
    upper_share: float | None
    separation: float | None
    n: int
    seed: int
    method: str = METHOD
    undefined: str = ""


def states(values: Sequence[float], *, seed: int) -> States:
    """Return the fit of two states against one; undefined for n < 5 or constant values.

    Sources: G. Schwarz, Estimating the dimension of a model, Ann. Statist. 6 (1978) 461-464; R. E. Kass, A. E. Raftery,
    Bayes factors, JASA 90 (1995) 773-795; K. M. Ashman, C. M. Bird, S. E. Zepf, Astron. J. 108 (1994) 2348-2361.
    """
    array = numbers(values)
    n = int(array.size)
    if reason := why_undefined(LEAST, array):
        return States(None, None, None, None, None, None, n, seed, undefined=reason)
    fit = fits(array[None, :], seed=seed)
    gain, lower, upper, deviation, share = (float(column[0]) for column in fit)
    return States(gain, lower, upper, deviation, share, (upper - lower) / deviation, n, seed)


def distance(fit: States) -> tuple[float, float]:
    """Return Student's interval of the states' distance, each session taken to be of the state that it fits better.

    Nothing but 0 where there is no fit.
    """
    if fit.lower is None or fit.upper is None or fit.deviation is None or fit.upper_share is None:
        return 0.0, 0.0
    share = min(max(fit.upper_share, 1 / fit.n), 1 - 1 / fit.n)
    error = fit.deviation * math.sqrt((1 / share + 1 / (1 - share)) / fit.n)
    low, high = stats.t.interval(1 - LEVEL, fit.n - 2, fit.upper - fit.lower, error)
    return float(low), float(high)


def fits(rows: Floats, *, seed: int) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """Return gain, lower mean, upper mean, deviation and upper share of each row, none of them constant.

    rows: (how many series, n), n >= 5. Each row is started from several pairs of means, and the likeliest end is taken.
    """
    count, n = rows.shape
    floor = FINEST * np.ptp(rows, axis=1)
    deviation = np.maximum(rows.std(axis=1), floor)
    single = _logs(rows, rows.mean(axis=1), deviation).sum(axis=1)
    starts = np.concatenate([np.quantile(rows, pair, axis=1).T[:, None, :] for pair in QUANTILES], axis=1)
    picked = np.random.default_rng(seed).integers(0, n, (count, DRAWN_STARTS, 2))
    pairs = np.take_along_axis(rows[:, None, :], picked, axis=2)
    starts = np.sort(np.concatenate((starts, pairs), axis=1), axis=2)
    each = starts.shape[1]
    ends = _em(
        np.repeat(rows, each, axis=0), starts.reshape(-1, 2), np.repeat(deviation / 2, each), np.repeat(floor, each)
    )
    likelihood, lower, upper, spread, share = (column.reshape(count, each) for column in ends.T)
    best = likelihood.argmax(axis=1)[:, None]
    top, low, high, width, part = (
        np.take_along_axis(column, best, axis=1)[:, 0] for column in (likelihood, lower, upper, spread, share)
    )
    swapped = low > high
    gain = 2 * (top - single) - 2 * math.log(n)
    return gain, np.where(swapped, high, low), np.where(swapped, low, high), width, np.where(swapped, 1 - part, part)


def _logs(rows: Floats, mean: Floats, deviation: Floats) -> Floats:
    wide = deviation[:, None]
    logs: Floats = -0.5 * ((rows - mean[:, None]) / wide) ** 2 - np.log(wide * math.sqrt(2 * math.pi))
    return logs


def _em(rows: Floats, starts: Floats, deviation: Floats, floor: Floats) -> Floats:
    """Return likelihood, lower, upper, deviation and upper share of each row, as five columns."""
    ends = np.column_stack((np.full(len(rows), -np.inf), starts, np.maximum(deviation, floor), np.full(len(rows), 0.5)))
    moving = np.arange(len(rows))
    for _ in range(STEPS):
        likelihood, after = _step(rows[moving], ends[moving], floor[moving])
        on = likelihood - ends[moving, 0] >= SETTLED
        ends[moving, 0] = likelihood
        moving, after = moving[on], after[on]
        if not moving.size:
            break
        ends[moving, 1:] = after
    return ends


def _step(rows: Floats, now: Floats, floor: Floats) -> tuple[Floats, Floats]:
    """Return the likelihood of the states as they are, and the states that fit better."""
    _, lower, upper, deviation, part = now.T
    below = np.log1p(-part)[:, None] + _logs(rows, lower, deviation)
    above = np.log(part)[:, None] + _logs(rows, upper, deviation)
    both = np.logaddexp(below, above)
    weight = np.exp(above - both)
    in_upper = np.clip(weight.mean(axis=1), 1e-6, 1 - 1e-6)
    upper = (weight * rows).sum(axis=1) / np.maximum(weight.sum(axis=1), 1e-300)
    lower = ((1 - weight) * rows).sum(axis=1) / np.maximum((1 - weight).sum(axis=1), 1e-300)
    square = weight * (rows - upper[:, None]) ** 2 + (1 - weight) * (rows - lower[:, None]) ** 2
    deviation = np.maximum(np.sqrt(square.mean(axis=1)), floor)
    return both.sum(axis=1), np.column_stack((lower, upper, deviation, in_upper))
