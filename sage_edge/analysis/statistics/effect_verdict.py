"""One rule for every verdict: does an interval lie beyond what matters, within what does not, or across both?

    effect, above 0 in the direction that is asked about
        ────────┼──────────────┼──────────────►
                0           smallest
    supported                     [─────]         all of it is an effect that matters
    not supported   [──]   or  [────]             none of it is: too small to matter, or on the other side
    cannot tell            [────────]             both are possible

Nothing is supported because it is significant, and nothing is refuted because it is not: an effect that does not
matter is shown by an interval that holds none which does (equivalence).
Source: D. Schuirmann, J. Pharmacokin. Biopharm. 15 (1987) 657-680; J. Kruschke, Adv. Meth. Pract. Psych. Sci. 1
(2018) 270-280 for the three answers.
"""

from __future__ import annotations

import math
from typing import Literal, TypeAlias

EffectVerdict: TypeAlias = Literal["supported", "not supported", "cannot tell"]


def against(low: float, high: float, bar: float, comparison: Literal["at-least", "at-most"]) -> EffectVerdict:
    """Return what an interval says of a number that is to be at least, or at most, the smallest that matters.

    All three in the number's own unit. Raises ValueError as `rule` does.
    """
    return rule(low, high, bar) if comparison == "at-least" else rule(-high, -low, -bar)


def settled_at(value: float, low: float, high: float, bar: float, n: int) -> int | None:
    """Return the n from which on the interval, as wide as 1/√n makes it, lies on one side of the bar.

    That is if the value stays as it is, and the wider side of the interval counts; None where the value is the bar.
    """
    gap, half = abs(value - bar), max(value - low, high - value)
    if gap <= 0 or half <= 0 or n < 1:
        return None
    return max(n + 1, math.ceil(n * (half / gap) ** 2))


def rule(low: float, high: float, smallest: float) -> EffectVerdict:
    """Return what an interval says of an effect of `smallest` or more. Raises ValueError unless low <= high."""
    if not low <= high or not math.isfinite(smallest):
        raise ValueError(f"expected an interval and a finite effect, got {low} to {high} and {smallest}")
    if low >= smallest:
        return "supported"
    return "not supported" if high < smallest else "cannot tell"
