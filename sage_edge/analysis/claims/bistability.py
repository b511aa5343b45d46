"""Sessions that are said to be in one of two states.

Two tests must agree before two states are seen: the dip, and the gain in BIC of two normals over one with means more
than two deviations apart and a fair share of sessions in the rarer. Neither being seen counts against two states only
if states as far apart as the claim has them would have shown.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sage_edge.analysis.claims.measurement import SeriesSource, Taken, fallbacks, reading, scored_by, span, take
from sage_edge.analysis.claims.schema import Level, StatesClaim
from sage_edge.analysis.series import values
from sage_edge.analysis.statistics import mixture, power, unimodality, variance
from sage_edge.analysis.statistics.estimate import LEVEL, Estimate, Significance
from sage_edge.analysis.statistics.mixture import States
from sage_edge.analysis.statistics.power import BEYOND, StatesTest

SURELY = 1 - LEVEL
"""That nothing is seen counts against states only if it is as rare, where there are some, as a false alarm is."""

FAIR = 0.1
"""A state that holds fewer of the sessions than this is an odd session, not a state."""


@dataclass(frozen=True)
class StateTests:
    """What each of the two tests sees.

    power: how surely they would have seen states as the claim has them. narrow: scores in such states, with sessions in
    both, would spread wider than these do. distance: the interval of how far the states of the mixture lie apart.
    """

    dip: bool
    mixture: bool
    power: float = 0.0
    narrow: bool = False
    distance: tuple[float, float] = (0.0, 0.0)


def measure(claim: StatesClaim, asked: Level, source: SeriesSource, seed: int) -> Taken:
    """Return the gain of two states over one. p is the dip's: of its table or of dealt answers, whichever is larger."""
    series = take(source, asked.of, claim.track, asked.sessions)
    points = series.points
    answers = [[mark.value for mark in point.marks] for point in points]
    fit, dip = mixture.states(values(points), seed=seed), unimodality.dip(values(points))
    dealt = unimodality.shuffled(answers, seed=seed)
    outcome = reading(
        Estimate(fit.gain, None, None, fit.n, fit.method, seed, fit.undefined or "interval: a gain has none"),
        _larger(dip.chance, dealt),
        label=asked.label,
        measures="two-state gain",
        unit="sessions",
        sessions=span(points),
        notes=(*_notes(fit, dip, dealt.p, answers), *fallbacks(points)),
        scored_by=scored_by(series),
    )
    return Taken(outcome, points, lambda _: None, "sessions", least=mixture.LEAST, null=0.0, sides=(("", fit.n),))


def _larger(table: Significance, dealt: Significance) -> Significance:
    """A p that neither a grid of scores nor differences between sessions alone can make small."""
    method = f"the larger p of: {table.method}; {dealt.method}"
    if table.p is None or dealt.p is None:
        return Significance(None, table.n, method, dealt.seed, table.undefined or dealt.undefined)
    return Significance(max(table.p, dealt.p), table.n, method, dealt.seed)


def seen(claim: StatesClaim, taken: Taken, p: float | None, level: float, seed: int) -> StateTests:
    """Return what the tests of a reading see. p: of the dip, adjusted as the report asks."""
    scores = values(taken.points)
    fit = mixture.states(scores, seed=seed)
    if fit.gain is None or fit.upper_share is None or fit.separation is None:
        return StateTests(dip=False, mixture=False)
    rarer = min(fit.upper_share, 1 - fit.upper_share)
    spread = float(np.var(scores, ddof=1))
    return StateTests(
        dip=p is not None and p <= level,
        mixture=fit.gain >= claim.threshold and fit.separation > 2 and rarer >= FAIR,
        power=_power(claim, spread, fit.n, seed),
        narrow=_left_over(claim, spread, fit.n) <= 0 and _both(claim, fit.n) >= 1 - level,
        distance=mixture.distance(fit),
    )


def needed(claim: StatesClaim, taken: Taken, by: StatesTest, seed: int) -> int | None:
    """Return how many sessions would show states as the claim has them, or show that there are none.

    To a third of itself; None if nobody runs that many. dip: states as the mixture sees them.
    """
    scores = values(taken.points)
    fit = mixture.states(scores, seed=seed)
    if fit.separation is None or fit.upper_share is None:
        return None
    if by == "dip":
        n = power.for_two_states(fit.separation, fit.upper_share, by="dip", seed=seed)
        return None if n >= BEYOND else n
    spread, n = float(np.var(scores, ddof=1)), fit.n + 1
    while n < BEYOND and _power(claim, spread, n, seed) < SURELY:
        n = math.ceil(n * 4 / 3)
    return None if n >= BEYOND else n


def would_show(seen: StateTests) -> bool:
    """True if two states such as the claim's would have been seen in 19 series of 20."""
    return seen.power >= SURELY


def _power(claim: StatesClaim, spread: float, n: int, seed: int) -> float:
    rest = _left_over(claim, spread, n)
    if rest <= 0:
        return _both(claim, n)
    return power.of_two_states(n, claim.apart / math.sqrt(rest), claim.share, by="bic", seed=seed)


def _both(claim: StatesClaim, n: int) -> float:
    """How likely n sessions are to hold one in the claim's rarer state."""
    return 1 - (1 - claim.share) ** n


def _left_over(claim: StatesClaim, spread: float, n: int) -> float:
    """The variance within a state, at most: what the scores' variance leaves when the claim's states take theirs."""
    return variance.upper_limit(spread, n) - claim.share * (1 - claim.share) * claim.apart**2


def _notes(fit: States, dip: unimodality.Dip, dealt: float | None, answers: Sequence[Sequence[float]]) -> list[str]:
    notes = []
    if dip.size is not None and dip.chance.p is not None:
        notes.append(f"dip {dip.size:.4f}, p = {dip.chance.p:.3f} by its table; {dip.distinct} different values")
    if dealt is not None:
        notes.append(f"p = {dealt:.3f} when the same answers are dealt to the sessions at random")
    if fit.lower is not None and fit.upper is not None and fit.upper_share is not None and fit.separation is not None:
        notes.append(
            f"two states would lie at {fit.lower:.3f} and {fit.upper:.3f}, {fit.separation:.1f} deviations apart, "
            f"{fit.upper_share:.0%} of the sessions in the upper one"
        )
    shared = variance.components(answers).share
    if shared.value is not None and shared.low is not None and shared.high is not None:
        notes.append(
            f"{max(0.0, shared.value):.0%} of the variance lies between sessions "
            f"({max(0.0, shared.low):.0%} to {max(0.0, shared.high):.0%})"
        )
    return notes
