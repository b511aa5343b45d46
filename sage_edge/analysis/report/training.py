"""The training track by exercise, judged by every evaluator there is: what the words said, and what was noted then."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from functools import partial

from sage_edge.analysis import plots
from sage_edge.analysis.report.blocks import Cell, Figure, NumberCell, Section, Table
from sage_edge.analysis.report.content import ReportContent, of_track
from sage_edge.analysis.series import Series
from sage_edge.analysis.statistics import means
from sage_edge.analysis.statistics.estimate import Estimate

EVALUATORS = (("substring", "rate"), ("r6", "include"), ("training-strict", "rate"))
"""Who judges whether an exercise was passed; the oldest first."""

NOTED = "noted then"
"""What the older system's own evaluators wrote down: three of them, one after the other (legacy §5.5)."""

UNKNOWN = "unnamed"

Tally = dict[str, list[int]]
"""Exercise → [passed, judged]."""


def section(content: ReportContent) -> Section | None:
    """Return the exercises, or None where none was judged."""
    known = of_track(content.series, "training")
    judges = [series for pair in EVALUATORS for series in known if (series.scorer, series.quantity) == pair]
    counts = {NOTED: _noted(content), **{judge.name: _tally(content, judge) for judge in judges}}
    counts = {name: tally for name, tally in counts.items() if tally}
    if not counts:
        return None
    exercises = sorted({exercise for tally in counts.values() for exercise in tally})
    return Section(
        "training",
        "Training track by exercise and evaluator",
        "The same answers, by what was noted then, by words that occur anywhere, and by words that stand alone.",
        (_figure(counts, exercises), _table(counts, exercises)),
    )


def _noted(content: ReportContent) -> Tally:
    tally: Tally = defaultdict(lambda: [0, 0])
    for session in content.on("training"):
        for answer in session.answers:
            if answer.turn in session.noted:
                _count(tally, answer.exercise, session.noted[answer.turn])
    return dict(tally)


def _tally(content: ReportContent, judge: Series) -> Tally:
    known = content.by_seal()
    tally: Tally = defaultdict(lambda: [0, 0])
    for point in judge.points:
        named = {answer.turn: answer.exercise for answer in known[point.seal].answers}
        for mark in point.marks:
            _count(tally, named.get(mark.turn), bool(mark.value))
    return dict(tally)


def _count(tally: Tally, exercise: str | None, has_passed: bool) -> None:
    marks = tally[exercise or UNKNOWN]
    marks[0] += has_passed
    marks[1] += 1


def _rate(tally: Tally, exercise: str) -> Estimate:
    passed, judged = tally.get(exercise, (0, 0))
    return means.rate(passed, judged)


def _figure(counts: dict[str, Tally], exercises: Sequence[str]) -> Figure:
    rows = []
    for exercise in exercises:
        rates = [_rate(tally, exercise) for tally in counts.values()]
        rows.append(plots.DotRow(exercise, [_dot(rate) for rate in rates]))
    picture = partial(plots.dots, "training-exercises", "share passed by exercise and evaluator", list(counts), rows)
    return Figure(picture, "Share of answers that passed, with Wilson's 95 % interval, by exercise and evaluator.")


def _dot(estimate: Estimate) -> tuple[float, float, float] | None:
    if estimate.value is None or estimate.low is None or estimate.high is None:
        return None
    return estimate.value, estimate.low, estimate.high


def _table(counts: dict[str, Tally], exercises: Sequence[str]) -> Table:
    rows: list[tuple[Cell, ...]] = [
        (exercise, *(NumberCell(_rate(tally, exercise), name) for name, tally in counts.items()))
        for exercise in exercises
    ]
    totals = {name: [sum(column) for column in zip(*tally.values(), strict=True)] for name, tally in counts.items()}
    rows.append(("all", *(NumberCell(means.rate(*total), name) for name, total in totals.items())))
    note = "Share passed with Wilson's 95 % interval, n in answers; n = 0 where nobody judged such an exercise."
    return Table(("exercise", *counts), tuple(rows), note)
