"""What a prediction came to, by the one rule of `effect_verdict`: its value is the smallest effect that matters.

    confirmed      the whole interval is as predicted
    refuted        none of it is
    cannot-tell    both are possible, or there is too little to say

Until November 2026 the value alone was held against what was predicted; such a check is read by the rule of today, and
what was published stands beside.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from sage_edge.analysis.statistics import effect_verdict
from sage_edge.records.study import Check, Measure, Prediction
from sage_edge.scorers.interval import difference

PredictionVerdict: TypeAlias = Literal["confirmed", "refuted", "cannot-tell"]

_WORDS: dict[effect_verdict.EffectVerdict, tuple[PredictionVerdict, str]] = {
    "supported": ("confirmed", ", and all of the interval is"),
    "not supported": ("refuted", ", and none of the interval is"),
    "cannot tell": ("cannot-tell", ", and some of the interval is"),
}


@dataclass(frozen=True)
class PredictionRuling:
    """A verdict, and why, to be said after what was predicted."""

    verdict: PredictionVerdict
    why: str


def rule(prediction: Prediction, measure: Measure, control: Measure | None) -> PredictionRuling:
    """Return what a measure says of a prediction. control: of the sessions before, for a change."""
    needed = prediction.minimum_n
    if measure.value is None or measure.n < needed:
        return PredictionRuling("cannot-tell", f" from {needed} answers or more, which is not enough to tell")
    value, low, high = measure.value, measure.low, measure.high
    if prediction.of == "change":
        if control is None or control.value is None or control.n < needed:
            return PredictionRuling("cannot-tell", f", and there are not {needed} answers before to compare with")
        if None in (low, high, control.low, control.high):
            low = high = None
        else:
            low, high = difference(_whole(control), _whole(measure))
        value -= control.value
    if low is None or high is None:
        return PredictionRuling("cannot-tell", ", and a number without an interval cannot tell")
    ruled = effect_verdict.against(low, high, prediction.value, prediction.comparison)
    verdict, why = _WORDS[ruled]
    if prediction.of == "change":
        why = f", and it changed by {value:+.2f} (95 % interval {low:+.2f} to {high:+.2f}){why}"
    if verdict == "cannot-tell":
        n = effect_verdict.settled_at(value, low, high, prediction.value, measure.n)
        why += f", {n - measure.n} answers more would tell if it stays as it is" if n else ", no number would tell"
    return PredictionRuling(verdict, why)


def verdict_today(check: Check) -> PredictionVerdict:
    """Return the verdict of a check by the rule of today, from what it measured."""
    if check.rule == "interval" or check.verdict == "cannot-tell":
        return check.verdict
    return rule(check.prediction, check.measure, check.control).verdict


def in_words(check: Check) -> str:
    """Return the verdict for people, and the one that was published by the earlier rule where that was another."""
    today = verdict_today(check)
    words = today.replace("-", " ")
    return (
        words
        if today == check.verdict
        else f"{words} (by the rule of its day, which saw the value alone: {check.verdict})"
    )


def _whole(measure: Measure) -> tuple[float, float, float]:
    if measure.value is None or measure.low is None or measure.high is None:
        raise ValueError("a measure without an interval has no difference from another")
    return measure.value, measure.low, measure.high
