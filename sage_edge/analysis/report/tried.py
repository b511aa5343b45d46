"""What was tried and what it did: every intervention by the sessions that it was given in, and every trial."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import partial

from sage_edge.analysis import plots
from sage_edge.analysis.report import glossary
from sage_edge.analysis.report.blocks import Badge, Block, Cell, Figure, NumberCell, Section, Table, Tone, joined
from sage_edge.analysis.report.content import ReportContent
from sage_edge.analysis.series import Point, Series
from sage_edge.analysis.statistics.estimate import Estimate
from sage_edge.analysis.trials import in_words
from sage_edge.names import Digest, Track
from sage_edge.records.trial import TrialContrast
from sage_edge.scorers.clustered import SessionTotal, rate_over_sessions
from sage_edge.sizes import counted

OUTCOMES: tuple[tuple[Track, str, str], ...] = (
    ("primary", "identity", "rate"),
    ("training", "training-strict", "rate"),
)
"""By what interventions are held against each other on each track."""

CLUSTERED = "rate over sessions, Wilson interval on the effective number of answers (Kish 1965)"
TONES: dict[str, Tone] = {"supported": "good", "not-supported": "bad", "cannot-tell": "open"}
MOST = 12
"""Lines of one panel; the table has all."""


def section(content: ReportContent) -> Section | None:
    """Return what was tried, or None where no session was ever given anything."""
    levels = [level for outcome in OUTCOMES for level in _levels(content, outcome)]
    trials = [row for digest in content.trials.trials for row in _trial_rows(content, digest)]
    if not levels and not trials:
        return None
    blocks: list[Block] = []
    if panels := [*_level_panels(levels), *_trial_panels(content)]:
        picture = partial(plots.forest, "tried", "what each thing that was tried came to", panels)
        blocks.append(Figure(picture, _CAPTION))
    if trials:
        blocks.append(Table(("trial", "what it showed", "verdict"), tuple(trials), _TRIALS))
    rows: tuple[tuple[Cell, ...], ...] = tuple((name, series.track, cell) for series, name, cell in levels)
    if rows:
        asked = dict.fromkeys(glossary.meaning(series.scorer, series.version) for series, _, _ in levels)
        blocks.append(Table(("intervention", "sessions", "share of answers"), rows, f"{_LEVELS} {' '.join(asked)}"))
    return Section("tried", "What was tried, and what it did", _lead(content), tuple(blocks))


_CAPTION = (
    "Each line is an interval that covers 95 %. Above: how many answers score under each intervention; sessions under "
    "one may differ from those under another in more than that. Below, of trials: the difference that chance alone "
    "allotted, held against nothing (the line) and against what does not matter (the band)."
)
_TRIALS = "A verdict is about the smallest difference that matters, which was settled before the first session."
_LEVELS = (
    "By the intervention that each session's head records, answers of one session counting as alike as they are; n in "
    "sessions. Without a trial, a difference here may have other causes."
)

_Level = tuple[Series, str, NumberCell]


def _lead(content: ReportContent) -> str:
    trials = content.trials.trials
    if not trials:
        return "No trial was offered yet, so nothing here tells causes from chance."
    states = " ".join(f"{trial.design.name}: {_stands(content, digest)}." for digest, trial in trials.items())
    return f"{counted(len(trials), 'trial')}. {states}"


def _stands(content: ReportContent, digest: Digest) -> str:
    look = content.trials.last_look(digest)
    if look is None:
        return in_words.state(content.trials, digest)
    control = content.trials.trials[digest].design.control.name
    verdicts = joined([f"{seen.arm} against {control}: {seen.verdict.replace('-', ' ')}" for seen in look.contrasts])
    return f"{verdicts}, after {counted(look.blocks, 'block')}; {in_words.STATES[look.state]}"


def _levels(content: ReportContent, outcome: tuple[Track, str, str]) -> Iterator[_Level]:
    track, scorer, quantity = outcome
    series = content.find(scorer, quantity, track)
    groups: dict[str, list[Point]] = defaultdict(list)
    for point in series.points if series else ():
        groups[point.intervention].append(point)
    if series is not None:
        yield from ((series, name, _clustered(series, points)) for name, points in sorted(groups.items()))


def _clustered(series: Series, points: Sequence[Point]) -> NumberCell:
    totals = [SessionTotal(round(sum(mark.value for mark in point.marks)), len(point.marks)) for point in points]
    low, high = rate_over_sessions(totals)
    value = sum(session.total for session in totals) / sum(session.n for session in totals)
    return NumberCell(Estimate(value, low, high, len(points), CLUSTERED), series.name)


def _level_panels(levels: Sequence[_Level]) -> Iterator[plots.ForestPanel]:
    for name in dict.fromkeys(f"{series.name}, {series.track} sessions" for series, _, _ in levels):
        rows = tuple(
            plots.ForestRow(f"{given}; n = {cell.estimate.n}", *_ends(cell.estimate))
            for series, given, cell in levels
            if name == f"{series.name}, {series.track} sessions"
        )
        yield plots.ForestPanel(name, rows[:MOST], (0.0, 1.0))


def _ends(estimate: Estimate) -> tuple[float, float, float]:
    return estimate.value or 0.0, estimate.low or 0.0, estimate.high or 0.0


def _contrasts(content: ReportContent, digest: Digest) -> Sequence[TrialContrast]:
    look = content.trials.last_look(digest)
    return look.contrasts if look else ()


def _trial_panels(content: ReportContent) -> Iterator[plots.ForestPanel]:
    rows: list[plots.ForestRow] = []
    smallest: set[float] = set()
    for digest, trial in content.trials.trials.items():
        for contrast in _contrasts(content, digest):
            if contrast.mean is not None:
                design = trial.design
                name = f"{contrast.arm} - {design.control.name}; n = {contrast.n}"
                rows.append(plots.ForestRow(name, *in_words.as_measured(design.outcome, contrast)))
                smallest.add(design.outcome.smallest)
    if rows:
        matters = smallest.pop() if len(smallest) == 1 else None
        yield plots.ForestPanel("trials: difference from the control, n in blocks", rows[:MOST], (-1.0, 1.0), matters)


def _trial_rows(content: ReportContent, digest: Digest) -> Iterator[tuple[Cell, ...]]:
    papers = content.trials
    design = papers.trials[digest].design
    label = f"{design.name} {digest.short}"
    contrasts = _contrasts(content, digest)
    if not contrasts:
        yield label, design.question, Badge(in_words.state(papers, digest), "open")
    for contrast in contrasts:
        sentence = f"{design.question} {contrast.arm}: {in_words.verdict(design, design.outcome, contrast)}."
        yield label, sentence, Badge(contrast.verdict.replace("-", " "), TONES[contrast.verdict])
