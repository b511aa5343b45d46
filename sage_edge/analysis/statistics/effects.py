"""Effect sizes: the difference of two means or two rates, such as before and after an intervention.

Each effect can say how many would be needed on either side to see a change worth seeing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import stats

from sage_edge.analysis.statistics.estimate import (
    ROUNDS,
    SAME,
    Estimate,
    Floats,
    Significance,
    affordable,
    batches,
    numbers,
    share,
    varies,
)
from sage_edge.analysis.statistics.means import student
from sage_edge.analysis.statistics.power import for_means, for_rates
from sage_edge.scorers.clustered import SessionTotal, design_effect, rate_over_sessions
from sage_edge.scorers.interval import difference, wilson

WELCH = "difference of means, Welch interval (Welch 1947)"
POOLED = "difference of means, pooled Student interval (Student 1908)"
NEWCOMBE = "difference of rates, Newcombe interval (Newcombe 1998, method 10)"
CLUSTERED = "difference of rates, Newcombe interval of sides whose unit is the session (Newcombe 1998; Korn 1998)"
PERMUTED = "permutation test of the difference, two-sided (Pitman 1937)"
FISHER = "Fisher's exact test, two-sided (Fisher 1935)"


@dataclass(frozen=True)
class Effect:
    """difference: after minus before. before, after: the two means or rates, None for an empty side.

    deviation: of single values within the sides, 0 where it cannot be known; None for rates. standardised: Hedges' g,
    None for rates, without variation, or for fewer than four values. design: how many answers of a rate say as much as
    one independent one, where answers of one session are alike.
    """

    difference: Estimate
    before: float | None
    after: float | None
    n_before: int
    n_after: int
    deviation: float | None
    standardised: float | None
    chance: Significance
    design: float = 1.0

    def needed(self, worth: float) -> int | None:
        """Return how many each side must have to see a change of `worth`, above 0, usually; None if that is unknown."""
        if self.before is None or self.after is None:
            return None
        if self.deviation is None:
            n = self.n_before + self.n_after
            middle = (self.before * self.n_before + self.after * self.n_after) / n
            return math.ceil(self.design * for_rates(middle, worth))
        return for_means(worth, self.deviation) if self.deviation else None


def of_means(
    before: Sequence[float], after: Sequence[float], *, seed: int, pooled: bool = False, rounds: int = ROUNDS
) -> Effect:
    """Return the effect on a mean, one value per session.

    pooled: take both sides to scatter alike, for a side too small to show its own scatter. The interval needs two
    values on each side, or three in all if pooled, and some variation. Raises ValueError for values that are not
    finite.
    Source: B. L. Welch, The generalization of Student's problem, Biometrika 34 (1947) 28-35.
    """
    x, y = numbers(before), numbers(after)
    if not x.size or not y.size:
        return _empty(x, y, WELCH, PERMUTED, rate=False)
    change = float(y.mean() - x.mean())
    spread, freedom = _spread(x, y), int(x.size + y.size - 2)
    return Effect(
        difference=_alike(x, y, change, spread) if pooled else _welch(x, y, change),
        before=float(x.mean()),
        after=float(y.mean()),
        n_before=int(x.size),
        n_after=int(y.size),
        deviation=spread,
        standardised=change / spread * (1 - 3 / (4 * freedom - 1)) if spread and freedom > 1 else None,
        chance=_permuted(x, y, seed, rounds),
    )


def of_rates(hits_before: int, n_before: int, hits_after: int, n_after: int) -> Effect:
    """Return the effect on a rate: `hits` of `n` on either side, taken as independent answers.

    Raises ValueError unless 0 <= hits <= n. Source: R. G. Newcombe, Interval estimation for the difference between
    independent proportions, Stat. Med. 17 (1998) 873-890.
    """
    (low_b, high_b), (low_a, high_a) = wilson(hits_before, n_before), wilson(hits_after, n_after)
    if not n_before or not n_after:
        return _empty(_marks(hits_before, n_before), _marks(hits_after, n_after), NEWCOMBE, FISHER, rate=True)
    p, q, n = hits_before / n_before, hits_after / n_after, n_before + n_after
    low, high = difference((p, low_b, high_b), (q, low_a, high_a))
    table = [[hits_after, n_after - hits_after], [hits_before, n_before - hits_before]]
    return Effect(
        difference=Estimate(q - p, low, high, n, NEWCOMBE),
        before=p,
        after=q,
        n_before=n_before,
        n_after=n_after,
        deviation=None,
        standardised=None,
        chance=Significance(min(1.0, float(stats.fisher_exact(table)[1])), n, FISHER),
    )


def of_session_rates(before: Sequence[SessionTotal], after: Sequence[SessionTotal], *, seed: int) -> Effect:
    """Return the effect on a rate over sessions, each with an answer: their answers count, and sessions are the unit.

    One session on each side is compared as `of_rates` does. p: of the sessions' own rates.
    """
    (hits_before, n_before), (hits_after, n_after) = (
        (round(math.fsum(each.total for each in side)), sum(each.n for each in side)) for side in (before, after)
    )
    plain = of_rates(hits_before, n_before, hits_after, n_after)
    if max(len(before), len(after)) < 2 or plain.before is None or plain.after is None:
        return plain
    low, high = difference((plain.before, *rate_over_sessions(before)), (plain.after, *rate_over_sessions(after)))
    earlier, later = (numbers([each.total / each.n for each in side]) for side in (before, after))
    return replace(
        plain,
        difference=Estimate(plain.after - plain.before, low, high, n_before + n_after, CLUSTERED),
        chance=_permuted(earlier, later, seed, ROUNDS),
        design=max(design_effect(before), design_effect(after)),
    )


def _marks(hits: int, n: int) -> Floats:
    return np.array([1.0] * hits + [0.0] * (n - hits))


def _empty(x: Floats, y: Floats, method: str, test: str, *, rate: bool) -> Effect:
    n, reason = int(x.size + y.size), "needs n >= 1 on each side"
    return Effect(
        difference=Estimate(None, None, None, n, method, undefined=reason),
        before=float(x.mean()) if x.size else None,
        after=float(y.mean()) if y.size else None,
        n_before=int(x.size),
        n_after=int(y.size),
        deviation=None if rate else 0.0,
        standardised=None,
        chance=Significance(None, n, test, undefined=reason),
    )


def _spread(x: Floats, y: Floats) -> float:
    """The deviation within both sides; 0 where it cannot be known."""
    freedom = x.size + y.size - 2
    if freedom < 1 or not (varies(x) or varies(y)):
        return 0.0
    return math.sqrt(float(((x - x.mean()) ** 2).sum() + ((y - y.mean()) ** 2).sum()) / freedom)


def _welch(x: Floats, y: Floats, change: float) -> Estimate:
    n = int(x.size + y.size)
    if min(x.size, y.size) < 2:
        return Estimate(change, None, None, n, WELCH, undefined="interval: needs n >= 2 on each side")
    if not (varies(x) or varies(y)):
        return Estimate(change, None, None, n, WELCH, undefined="interval: no variation")
    # not stats.ttest_ind, which warns where one side does not vary
    x_part, y_part = float(x.var(ddof=1)) / x.size, float(y.var(ddof=1)) / y.size
    freedom = (x_part + y_part) ** 2 / (x_part**2 / (x.size - 1) + y_part**2 / (y.size - 1))
    return student(change, math.sqrt(x_part + y_part), freedom, n, WELCH)


def _alike(x: Floats, y: Floats, change: float, spread: float) -> Estimate:
    n = int(x.size + y.size)
    if not spread:
        reason = "needs n >= 3" if n < 3 else "no variation"
        return Estimate(change, None, None, n, POOLED, undefined=f"interval: {reason}")
    return student(change, spread * math.sqrt(1 / x.size + 1 / y.size), n - 2, n, POOLED)


def _permuted(x: Floats, y: Floats, seed: int, rounds: int) -> Significance:
    pool = np.concatenate((x, y))
    n = int(pool.size)
    if not varies(pool):
        return Significance(None, n, PERMUTED, undefined="no variation")
    centred = pool - pool.mean()
    seen = abs(float(centred[: x.size].sum())) - SAME
    draw, rounds = np.random.default_rng(seed), affordable(rounds, n)
    hits = sum(
        int(np.sum(np.abs(draw.permuted(np.tile(centred, (count, 1)), axis=1)[:, : x.size].sum(axis=1)) >= seen))
        for count in batches(rounds, n)
    )
    return Significance(share(hits, rounds), n, PERMUTED, seed)
