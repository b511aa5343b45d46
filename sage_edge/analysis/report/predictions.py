"""What researchers predicted, what came of it, and how often each of them was right."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

from sage_edge.analysis.calibration import Forecast, Outcome, calibrations, outcome
from sage_edge.analysis.report.blocks import Badge, Cell, Number, Section, Table, Tone, counted
from sage_edge.analysis.statistics import means
from sage_edge.records.study import Measure, Prediction

TONES: dict[Outcome, Tone] = {
    "confirmed": "good", "refuted": "bad", "cannot tell": "open", "late": "bad", "void": "bad",
}  # fmt: skip


def section(forecasts: Sequence[Forecast]) -> Section | None:
    """Return every prediction with its outcome and the calibration of each researcher, or None without predictions."""
    if not forecasts:
        return None
    told = sorted(forecasts, key=lambda one: (one.recommendation.created, one.recommendation.fingerprint()))
    late = sum(outcome(one) == "late" for one in told)
    before = f"{late} of them written too late" if late else "each written before the session that decides it"
    lead = f"{counted(len(told), 'prediction')}, {before}."
    return Section("predictions", "Predictions", lead, (_calibration(told), _table(told)))


def _calibration(forecasts: Sequence[Forecast]) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for one in calibrations(forecasts):
        counts = [str(one.outcomes[name]) for name in get_args(Outcome)]
        share = Number(means.rate(one.outcomes["confirmed"], one.decided), "checks")
        rows.append((one.author, str(one.said), *counts, share))
    heads = ("researcher", "predictions", *get_args(Outcome), "share right")
    note = (
        "Share right: confirmed among confirmed and refuted, with Wilson's 95 % interval, n in predictions. Late: "
        "written after its session had begun. Void: the check is about another prediction."
    )
    return Table(heads, tuple(rows), note)


def _table(forecasts: Sequence[Forecast]) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for one in forecasts:
        paper, check, became = one.recommendation, one.check, outcome(one)
        seen = measured(check.measure) if check is not None else "nothing yet"
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
    heads = ("registered as, on", "for", "under", "predicted", "seen", "control without it", "outcome")
    return Table(heads, tuple(rows), "Computed from the record alone: as many sessions decide as was said before them.")


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
