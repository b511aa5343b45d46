"""What was tried and what it did: every intervention by the sessions that it was given in, and every trial."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import partial
from statistics import fmean

from sage_edge.analysis import plots
from sage_edge.analysis.report import glossary
from sage_edge.analysis.report.blocks import Badge, Block, Cell, Figure, NumberCell, Section, Table, Tone, joined
from sage_edge.analysis.report.content import ReportContent
from sage_edge.analysis.series import Point, Series
from sage_edge.analysis.statistics.estimate import Estimate
from sage_edge.analysis.trials import in_words
from sage_edge.names import Digest, Track
from sage_edge.records.trial import TrialContrast, TrialDesign, TrialLook
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
    if panels := [*_trial_panels(content), *_level_panels(levels)]:
        picture = partial(plots.forest, "tried", "what each thing that was tried came to", panels)
        blocks.append(Figure(picture, _CAPTION))
    if trials:
        blocks.append(Table(("trial", "what it showed", "verdict"), tuple(trials), _TRIALS))
    rows: tuple[tuple[Cell, ...], ...] = tuple((name, series.track, cell) for series, name, cell in levels)
    if rows:
        asked = dict.fromkeys(glossary.meaning(series.scorer, series.version) for series, _, _ in levels)
        blocks.append(Table(("intervention", "sessions", "share"), rows, f"{_LEVELS} {' '.join(asked)}"))
    return Section("tried", "What was tried, and what it did", _lead(content), tuple(blocks))


_CAPTION = (
    "Bars cover 95 %. By trial: how far each arm lies from the control, where chance decided which session was given "
    "which arm; the upright line stands for no difference, the shade around it for those too small to matter. By "
    "intervention: every session by what it was given, in a trial or not, so other things may have differed, too."
)
_TRIALS = (
    "A block holds each arm once, in an order by chance. The smallest difference that matters was settled before the "
    "first session. The interval holds at every look at once, and takes for granted only that an outcome lies between "
    "0 and 1: it is wide while blocks are few, also where sessions look alike."
)
_LEVELS = (
    "Every session by the intervention that it was given, in a trial or not; n counts sessions, since answers within "
    "one resemble each other. Where this and a trial seem to disagree, believe the trial: its interval is wider, for "
    "it promises more."
)

_Level = tuple[Series, str, NumberCell]


def _lead(content: ReportContent) -> str:
    trials = content.trials.trials
    if not trials:
        return "No trial was offered yet, so nothing here tells causes from chance."
    return " ".join(f"{trial.design.question} {_stands(content, digest)}" for digest, trial in trials.items())


def _stands(content: ReportContent, digest: Digest) -> str:
    look, design = content.trials.last_look(digest), content.trials.trials[digest].design
    if look is None:
        state = in_words.state(content.trials, digest)
        return f"The trial {design.name} is {state}; no whole block is over."
    if look.state == "running":
        over = f"{look.blocks} of {counted(design.blocks, 'block')}"
        sessions = f"{look.blocks * design.block_sessions} of {counted(design.sessions, 'session')}"
        are = "is" if look.blocks == 1 else "are"
        return f"Too early to tell: {over} of the trial {design.name} {are} over, {sessions}."
    verdicts = joined(
        [f"{seen.arm} against {design.control.name}: {_measured(design, seen)}" for seen in look.contrasts]
    )
    longer = " A longer trial could tell." if any(seen.verdict == "cannot-tell" for seen in look.contrasts) else ""
    after = f"after {counted(look.blocks, 'block')} of {counted(design.block_sessions, 'session')}"
    return f"{verdicts[:1].upper()}{verdicts[1:]}, {after}; {in_words.STATES[look.state]}.{longer}"


def _measured(design: TrialDesign, contrast: TrialContrast) -> str:
    if contrast.mean is None:
        return _word(contrast)
    mean, low, high = in_words.as_measured(design.outcome, contrast)
    return f"{_word(contrast)}, {mean:+.2f} ({low:+.2f} to {high:+.2f})"


def _word(contrast: TrialContrast) -> str:
    return contrast.verdict.replace("-", " ")


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
    for of in dict.fromkeys((series.name, series.track) for series, _, _ in levels):
        rows = tuple(
            plots.ForestRow(f"{given}; {counted(cell.estimate.n, 'session')}", *_ends(cell.estimate))
            for series, given, cell in levels
            if of == (series.name, series.track)
        )
        name, track = of
        yield plots.ForestPanel(f"by intervention: {name}, {track} sessions", rows[:MOST], (-0.03, 1.03))


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
                name = f"{contrast.arm}, not {design.control.name}; {counted(contrast.n, 'block')}"
                rows.append(plots.ForestRow(name, *in_words.as_measured(design.outcome, contrast)))
                smallest.add(design.outcome.smallest)
    if rows:
        matters = smallest.pop() if len(smallest) == 1 else None
        yield plots.ForestPanel("by trial: difference from the control arm", rows[:MOST], (-1.05, 1.05), matters)


def _means(content: ReportContent, design: TrialDesign, look: TrialLook) -> dict[str, str]:
    """Arm → what the outcome came to in those of its sessions that the look used: ` (in the mean 0.33)`."""
    outcome, papers, used = design.outcome, content.by_seal(), set(look.used)
    wanted = (outcome.scorer, outcome.version, outcome.quantity, design.track)
    values: dict[str, list[float]] = {arm.name: [] for arm in design.arms}
    for series in content.series:
        if (series.scorer, series.version, series.quantity, series.track) == wanted:
            for point in series.points:
                if point.seal in used and (place := papers[point.seal].header.trial) is not None:
                    values[place.arm].append(point.value)
    return {arm: f" (in the mean {fmean(seen):.2f})" if seen else "" for arm, seen in values.items()}


def _trial_rows(content: ReportContent, digest: Digest) -> Iterator[tuple[Cell, ...]]:
    papers = content.trials
    design, look = papers.trials[digest].design, papers.last_look(digest)
    label = f"{design.name} {digest.short}"
    if look is None:
        yield label, design.question, Badge(in_words.state(papers, digest), "open")
        return
    means = _means(content, design, look)
    arms = joined([f"{in_words.told_apart(design, arm)}{means[arm.name]}" for arm in design.arms])
    for contrast in look.contrasts:
        sentence = f"{contrast.arm}: {in_words.verdict(design, design.outcome, contrast)}. Of the arms, {arms}."
        early = look.state == "running" and contrast.verdict == "cannot-tell"
        yield label, sentence, Badge("too early" if early else _word(contrast), TONES[contrast.verdict])
