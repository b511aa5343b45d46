"""From a corrected reading to a verdict, by the one rule of `effect_verdict`, written before the data were seen.

A claim's threshold is the smallest effect that matters, in the number's own unit. Records and laws are judged alike:

    supported        the whole interval is an effect that matters, and chance, counted over all tests of the report,
                     rarely does as much (p adjusted)
    not supported    none of the interval is: it is too small to matter, or lies on the other side
    cannot tell      both are possible, and how many it would take

Two states are `supported` where both tests see them and the interval of their distance is one that matters; `not
supported` where they lie closer than that, or where neither test sees any and states as claimed would have shown in 19
of 20 series (which is what equivalence is to a test).
"""

from __future__ import annotations

from dataclasses import dataclass

from sage_edge.analysis.claims import bistability
from sage_edge.analysis.claims.measurement import Taken
from sage_edge.analysis.claims.schema import BaseClaim, StatesClaim
from sage_edge.analysis.statistics import effect_verdict
from sage_edge.analysis.statistics.estimate import LEVEL, NO_VARIATION
from sage_edge.analysis.statistics.power import BEYOND
from sage_edge.records.claim import Verdict


@dataclass(frozen=True)
class Ruling:
    """A verdict with its reason in a sentence. needs: with `cannot tell`, how many it takes; None if none would do."""

    verdict: Verdict
    because: str
    needs: int | None = None


def rule(claim: BaseClaim, taken: Taken, p: float | None, seed: int) -> Ruling:
    """Return the verdict on a claim. taken: the corrected measurement. p: its p, adjusted for the report."""
    reading = taken.reading
    if reading.value is None:
        needs = None if reading.undefined == NO_VARIATION else taken.least
        return Ruling("cannot tell", f"there is no number: {reading.undefined}", needs)
    if isinstance(claim, StatesClaim):
        return _states(claim, taken, p, seed)
    if reading.low is None or reading.high is None:
        reason = f"{_told(reading.value)} stands alone, without an interval that says how sure it is"
        return Ruling("cannot tell", reason, _above(taken.needed(claim.threshold), taken))
    between = f"{_told(reading.low)} to {_told(reading.high)}"
    matters = criterion(claim)
    verdict = effect_verdict.against(reading.low, reading.high, claim.threshold, claim.comparison)
    if verdict == "not supported":
        return Ruling(verdict, f"none of the interval, {between}, is {matters}, from where on it would matter")
    if verdict == "cannot tell":
        reason = f"the interval, {between}, holds what would matter ({matters}) and what would not"
        return Ruling(verdict, reason, _above(taken.needed(claim.threshold), taken))
    if p is None or p > LEVEL:
        reason = f"all of the interval, {between}, is {matters}, but chance may do that ({_p(p)})"
        return Ruling("cannot tell", reason, _above(taken.needed(taken.null), taken))
    reason = f"all of the interval, {between}, is {matters}, which matters, and chance rarely does that ({_p(p)})"
    return Ruling("supported", reason)


def criterion(claim: BaseClaim) -> str:
    """Return what would bear a claim out, for people: `at least 0.5`."""
    return f"{claim.comparison.replace('-', ' ')} {claim.threshold:.4g}"


def _states(claim: StatesClaim, taken: Taken, p: float | None, seed: int) -> Ruling:
    seen = bistability.seen(claim, taken, p, LEVEL, seed)
    if seen.dip and seen.mixture:
        return _apart(claim, taken, p, seen)
    if seen.dip or seen.mixture:
        which, other = ("dip test", "mixture") if seen.dip else ("mixture", "dip test")
        n = bistability.needed(claim, taken, "bic" if seen.dip else "dip", seed)
        return Ruling("cannot tell", f"the {which} sees two states, the {other} does not", _above(n, taken))
    if seen.narrow:
        reason = f"neither test sees two states ({_p(p)}), and the scores spread less than two such states would"
        return Ruling("not supported", reason)
    if bistability.would_show(seen):
        reason = f"neither test sees two states ({_p(p)}), and {seen.power:.0%} of such series would have shown them"
        return Ruling("not supported", reason)
    reason = f"neither test sees two states ({_p(p)}), but only {seen.power:.0%} of such series would show them"
    return Ruling("cannot tell", reason, _above(bistability.needed(claim, taken, "bic", seed), taken))


def _apart(claim: StatesClaim, taken: Taken, p: float | None, seen: bistability.StateTests) -> Ruling:
    """Two states are there; whether they lie as far apart as matters is asked of their distance's interval."""
    low, high = seen.distance
    verdict = effect_verdict.rule(low, high, claim.apart)
    between = f"the dip test ({_p(p)}) and the mixture both see two states, {_told(low)} to {_told(high)} apart"
    if verdict == "supported":
        return Ruling(verdict, f"{between}, and {claim.apart:g} or more matters")
    if verdict == "not supported":
        return Ruling(verdict, f"{between}, and less than {claim.apart:g} does not matter")
    n = effect_verdict.settled_at((low + high) / 2, low, high, claim.apart, taken.reading.n)
    return Ruling(verdict, f"{between}, and only {claim.apart:g} or more matters", _above(n, taken))


def _above(needed: int | None, taken: Taken) -> int | None:
    """At least one more than the smaller side has: these were not enough."""
    if needed is None or needed >= BEYOND:
        return None
    return max(needed, min(n for _, n in taken.sides) + 1, taken.least)


def _told(value: float) -> str:
    return f"{value + 0.0:.3g}"


def _p(p: float | None) -> str:
    if p is None:
        return "there is no p"
    return "adjusted p < 0.001" if p < 0.001 else f"adjusted p = {p:.3f}"
