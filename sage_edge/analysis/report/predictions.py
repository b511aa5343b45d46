"""What researchers predicted, what came of it, and how often each of them was right."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

from sage_edge.analysis.calibration import AnsweredPrediction, PredictionOutcome, calibrations, outcome
from sage_edge.analysis.prediction_ruling import verdict_today
from sage_edge.analysis.report.blocks import Badge, Cell, NumberCell, Section, Table, Tone
from sage_edge.analysis.statistics import means
from sage_edge.records.study import Measure, Prediction
from sage_edge.sizes import counted

TONES: dict[PredictionOutcome, Tone] = {
    "confirmed": "good",
    "refuted": "bad",
    "cannot tell": "open",
    "late": "bad",
    "void": "bad",
}


def section(forecasts: Sequence[AnsweredPrediction]) -> Section | None:
    """Return every prediction with its outcome and the calibration of each researcher, or None without predictions."""
    if not forecasts:
        return None
    ordered = sorted(
        forecasts, key=lambda forecast: (forecast.recommendation.created, forecast.recommendation.fingerprint())
    )
    late = sum(outcome(forecast) == "late" for forecast in ordered)
    before = f"{late} of them written too late" if late else "written before what decides it"
    lead = f"{counted(len(ordered), 'prediction')}, {before}."
    return Section("predictions", "Predictions", lead, (_calibration(ordered), _table(ordered)))


def _calibration(forecasts: Sequence[AnsweredPrediction]) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for calibration in calibrations(forecasts):
        counts = [str(calibration.outcomes[name]) for name in get_args(PredictionOutcome)]
        share = NumberCell(means.rate(calibration.outcomes["confirmed"], calibration.decided), "checks")
        rows.append((calibration.author, str(calibration.predictions), *counts, share))
    heads = ("researcher", "predictions", *get_args(PredictionOutcome), "share right")
    note = (
        "Share right: confirmed among confirmed and refuted, with Wilson's 95 % interval, n in predictions. Late: "
        "written after its session had begun. Void: the check is about another prediction."
    )
    return Table(heads, tuple(rows), note)


def _table(forecasts: Sequence[AnsweredPrediction]) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for forecast in forecasts:
        paper, check, became = forecast.recommendation, forecast.check, outcome(forecast)
        seen = measured(check.measure) if check is not None else "nothing yet"
        if check is not None and verdict_today(check) != check.verdict:
            seen += f"; by the rule of its day, which saw the value alone: {check.verdict}"
        control = measured(check.control) if check is not None and check.control is not None else "none"
        rows.append(
            (
                f"{paper.fingerprint().short}, {paper.created:%Y-%m-%d %H:%M}",
                f"{paper.first} to {paper.last} of {paper.to}",
                f"{paper.intervention}/{paper.intervention_version}",
                predicted(paper.prediction),
                seen,
                control,
                Badge(became, TONES.get(became, "plain")),
            )
        )
    heads = ("registered as, on", "for", "under", "predicted", "seen", "without it", "outcome")
    note = (
        "Computed from the record alone: as many sessions decide as was said before them; n counts their answers. "
        "Without it: the same in the sessions just before, which ran under something else. Confirmed: the whole "
        "interval is as predicted. Refuted: none of it is. Cannot tell: both are possible."
    )
    return Table(heads, tuple(rows), note)


def predicted(prediction: Prediction) -> str:
    """`identity/1 rate at least 0.50, from 3 answers or more in 1 session`."""
    name = f"{prediction.scorer}/{prediction.version} {prediction.quantity}"
    few = f"{counted(prediction.minimum_n, 'answer')} or more in {counted(prediction.sessions, 'session')}"
    return f"{name} {prediction.told}, from {few}"


def measured(measure: Measure) -> str:
    """`0.67 (0.21 to 0.94), n = 3; identity/1 rate`."""
    name = f"{measure.scorer}/{measure.version} {measure.quantity}"
    if measure.value is None:
        return f"none, n = {measure.n}; {name}"
    if measure.low is None or measure.high is None:
        return f"{measure.value:.2f} (no interval), n = {measure.n}; {name}"
    return f"{measure.value:.2f} ({measure.low:.2f} to {measure.high:.2f}), n = {measure.n}; {name}"
