"""Whether a score gathers around two values ("bistable") or around one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from sage_edge.analysis import plots
from sage_edge.analysis.report.blocks import Cell, Figure, Section, Table, chance
from sage_edge.analysis.report.content import SEED, ReportContent
from sage_edge.analysis.series import Series, values
from sage_edge.analysis.statistics import corrections, mixture, unimodality
from sage_edge.analysis.statistics.estimate import LEVEL, Significance
from sage_edge.analysis.statistics.mixture import States
from sage_edge.analysis.statistics.unimodality import Dip
from sage_edge.sizes import counted

EXAMINED = (("edge", "d9"), ("raising", "d9"), ("self-reference", "rate"), ("identity", "rate"))
"""The scores that speak of identity: those that were read as bistable first, ours last."""

SEPARATE, STRONG = 2.0, 6.0
"""Two peaks need states 2 deviations apart (Ashman); a BIC gain above 6 is strong (Kass and Raftery)."""


@dataclass(frozen=True)
class Tested:
    """A score with everything that was asked about its distribution. dealt: the dip of the same answers by chance."""

    series: Series
    dip: Dip
    dealt: Significance
    states: States

    @property
    def centres(self) -> tuple[float, ...]:
        """Where two states would lie, if BIC prefers two."""
        states = self.states
        if states.gain is None or states.gain <= STRONG or states.lower is None or states.upper is None:
            return ()
        return states.lower, states.upper

    @property
    def said(self) -> str:
        """What the tests come to, in a sentence."""
        p, dealt = self.dip.chance.p, self.dealt.p
        if p is None or dealt is None:
            return f"Nothing can be said: {self.dip.chance.undefined or self.dealt.undefined}."
        if p > LEVEL:
            return "One peak explains it."
        if dealt > LEVEL:
            return "It dips, but no more than the same answers do when they are dealt to the sessions at random."
        apart = self.states.separation is not None and self.states.separation > SEPARATE
        strong = self.states.gain is not None and self.states.gain > STRONG
        return "More than one peak." if apart and strong else "Not one smooth peak, and no two states either, by BIC."


def section(content: ReportContent) -> Section | None:
    """Return the distributions of the identity scores, or None where there is none."""
    examined = [series for series in (content.find(*pair) for pair in EXAMINED) if series is not None and series.points]
    if not examined:
        return None
    tested = [_test(series) for series in examined]
    return Section(
        "distribution",
        "One state or two?",
        "A mind that is bistable would score high or low and seldom between; the dip test asks whether it does.",
        (*_figures(tested), _table(tested)),
    )


def _test(series: Series) -> Tested:
    scores = values(series.points)
    answers = [[mark.value for mark in point.marks] for point in series.points]
    dealt = unimodality.shuffled(answers, seed=SEED)
    return Tested(series, unimodality.dip(scores), dealt, mixture.states(scores, seed=SEED))


def _figures(tested: Sequence[Tested]) -> Iterator[Figure]:
    for test in tested:
        series, dip = test.series, test.dip
        key = f"distribution-{series.scorer}-{series.version}-{series.quantity}"
        shown, alt = values(series.points), f"how many sessions have which {series.name}"
        picture = partial(plots.histogram, key, alt, shown, series.name, test.centres)
        size = "no dip" if dip.size is None else f"dip {dip.size:.3f}, p {chance(dip.chance.p)}"
        few = f"{series.name}, n = {counted(dip.chance.n, 'session')}, {counted(dip.distinct, 'different value')}"
        dashed = " Dashed: where two states would lie, if there were two." if test.centres else ""
        yield Figure(picture, f"{few}: {size}. {test.said}{dashed}")


def _table(tested: Sequence[Tested]) -> Table:
    adjusted = corrections.holm([test.dip.chance.p for test in tested])
    rows = tuple(_row(test, p) for test, p in zip(tested, adjusted, strict=True))
    note = (
        f"p: Hartigan's dip test, adjusted for {counted(len(tested), 'score')} (Holm). p dealt: how often the same "
        f"answers, dealt to the sessions at random (seed {SEED}), dip as much: scores on a grid look peaked to the "
        "tabulated test. BIC gain: for two states against one; above 6 is strong. Separation in deviations; two peaks "
        "need more than 2."
    )
    return Table(("score", "n", "dip", "p", "p dealt", "BIC gain", "separation"), rows, note)


def _row(test: Tested, p: float | None) -> tuple[Cell, ...]:
    dip, states = test.dip, test.states
    return (
        test.series.name,
        str(dip.chance.n),
        f"none ({dip.chance.undefined})" if dip.size is None else f"{dip.size:.3f}",
        chance(p, dip.chance.undefined),
        chance(test.dealt.p, test.dealt.undefined),
        f"none ({states.undefined})" if states.gain is None else f"{states.gain:+.1f}",
        "none" if states.separation is None else f"{states.separation:.1f}",
    )
