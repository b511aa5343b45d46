"""Sessions that are made up, thousands of trials at once: under an effect, and under every null a design must stand.

    nothing             every session has the control's rate
    drift               the rate rises by a tenth of the answers at each quarter of the trial, as over phases
    autocorrelation     a session's rate leans on that of the one before it
    after-control       the control leaves a rate higher by two tenths of the answers to the next session of another arm
    after-others        the other arms leave as much to the next session of the control

In none of them does an arm do anything to its own sessions. The last two are carry-over: what a session leaves to one
of another arm is taken for that one's own by a design without a wash-out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from sage_edge.analysis.statistics.estimate import Floats

Chance = np.random.Generator
_STEP = 0.1
_LEFT = 0.2
_LEANS, _STIR = 0.6, 0.1
"""How much of what a session's rate is off by stays for the next, and how much comes anew (standard deviation)."""


@dataclass(frozen=True)
class MadeTrials:
    """What sessions are made from. arms: trial by session, 0 is the control. alike: correlation within a session."""

    arms: np.ndarray
    rate: float
    answers: int
    alike: float

    def drawn(self, chance: Chance, rates: Floats) -> Floats:
        """Return the share of hits in each session, given its rate: beta-binomial where answers are alike."""
        rates = np.clip(rates, 0, 1)
        if self.alike > 0:
            spread = (1 - self.alike) / self.alike
            rates = chance.beta(np.maximum(rates * spread, 1e-9), np.maximum((1 - rates) * spread, 1e-9))
        shares: Floats = chance.binomial(self.answers, rates) / self.answers
        return shares


def effect(of: MadeTrials, size: float) -> Floats:
    """Return the rates under which every arm but the control differs by `size`."""
    rates: Floats = np.where(of.arms > 0, of.rate + size, of.rate)
    return rates


def _nothing(of: MadeTrials, _chance: Chance) -> Floats:
    return np.full(of.arms.shape, of.rate)


def _drift(of: MadeTrials, _chance: Chance) -> Floats:
    sessions = of.arms.shape[1]
    quarter = np.arange(sessions) * 4 // max(sessions, 1)
    return np.broadcast_to(of.rate + _STEP * quarter, of.arms.shape)


def _autocorrelation(of: MadeTrials, chance: Chance) -> Floats:
    off: Floats = chance.normal(0, _STIR, of.arms.shape)
    for at in range(1, of.arms.shape[1]):
        off[:, at] += _LEANS * off[:, at - 1]
    rates: Floats = of.rate + off
    return rates


def _after(control: bool) -> Callable[[MadeTrials, Chance], Floats]:
    def rates(of: MadeTrials, _chance: Chance) -> Floats:
        before, now = of.arms[:, :-1] == 0, of.arms[:, 1:] == 0
        left = (before == control) & (before != now)
        result = np.full(of.arms.shape, of.rate)
        result[:, 1:] += _LEFT * left
        return result

    return rates


NULLS: Mapping[str, Callable[[MadeTrials, Chance], Floats]] = {
    "nothing": _nothing,
    "drift": _drift,
    "autocorrelation": _autocorrelation,
    "after-control": _after(control=True),
    "after-others": _after(control=False),
}
"""Null → the rate of each session, trial by session."""
