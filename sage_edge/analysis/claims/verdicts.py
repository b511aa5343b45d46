"""From a corrected reading to a verdict, by rules that were written before the data were seen.

A claim about a `law` speaks of sessions in general:
    supported        the value is at or beyond the threshold, chance alone rarely does as much (p adjusted), and the
                     interval, where there is one, leaves out that nothing is there
    not supported    the whole interval lies short of the threshold
    cannot tell      anything between, and how many it would take

A claim about the `record` speaks of what these very sessions did, so there is no interval to wait for:
    not supported    measured rightly, the value lies short of the threshold
    supported        it does not, and chance is left out as above; cannot tell otherwise

Two states are `supported` if both tests see them, `not supported` if neither does although they would have.
"""

from __future__ import annotations

from dataclasses import dataclass

from sage_edge.analysis.claims import bistability
from sage_edge.analysis.claims.measurement import Taken
from sage_edge.analysis.claims.schema import BaseClaim, StatesClaim
from sage_edge.analysis.statistics.estimate import LEVEL, NO_VARIATION, SAME
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
        return Ruling("cannot tell", f"the number is undefined: {reading.undefined}", needs)
    if isinstance(claim, StatesClaim):
        return _states(claim, taken, p, seed)
    sign = 1 if claim.comparison == "at-least" else -1
    value, bar = sign * reading.value, sign * claim.threshold
    ends = [end for end in (reading.low, reading.high) if end is not None]
    if value >= bar - SAME:
        reason = f"{_told(reading.value)} is {criterion(claim)}"
        if p is None or p > LEVEL:
            reason += f", but chance may do that ({_p(p)})"
        elif ends and min(ends) <= taken.null <= max(ends):
            reason += f", but the interval holds {_told(taken.null)}, which is nothing"
        else:
            return Ruling("supported", f"{reason}, and chance rarely does that ({_p(p)})")
        return Ruling("cannot tell", reason, _above(taken.needed(taken.null), taken))
    if claim.scope == "record":
        return Ruling("not supported", f"measured rightly it is {_told(reading.value)}, not {criterion(claim)}")
    if ends and max(sign * end for end in ends) < bar:
        return Ruling(
            "not supported", f"the whole interval, {_told(min(ends))} to {_told(max(ends))}, is not {criterion(claim)}"
        )
    why = "but the interval holds such values" if ends else "and has no interval"
    reason = f"{_told(reading.value)} is not {criterion(claim)}, {why}"
    return Ruling("cannot tell", reason, _above(taken.needed(claim.threshold), taken))


def criterion(claim: BaseClaim) -> str:
    """Return what would bear a claim out, for people: `at least 0.5`."""
    return f"{claim.comparison.replace('-', ' ')} {claim.threshold:.4g}"


def _states(claim: StatesClaim, taken: Taken, p: float | None, seed: int) -> Ruling:
    seen = bistability.seen(claim, taken, p, LEVEL, seed)
    if seen.dip and seen.mixture:
        return Ruling("supported", f"the dip test ({_p(p)}) and the mixture both see two states")
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


def _above(needed: int | None, taken: Taken) -> int | None:
    """At least one more than there are: these were not enough."""
    return None if needed is None or needed >= BEYOND else max(needed, taken.reading.n + 1, taken.least)


def _told(value: float) -> str:
    return f"{value + 0.0:.3g}"


def _p(p: float | None) -> str:
    return "no p" if p is None else "p < 0.001" if p < 0.001 else f"p = {p:.3f}"
