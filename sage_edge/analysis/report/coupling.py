"""Whether D5 and D9 move together, with the words that both count and without them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from sage_edge.analysis import plots
from sage_edge.analysis.report.blocks import Cell, Figure, NumberCell, Section, Table, chance
from sage_edge.analysis.report.content import SEED, ReportContent
from sage_edge.analysis.series import Series, paired, values
from sage_edge.analysis.statistics import corrections, coupling
from sage_edge.analysis.statistics.estimate import Estimate, Significance

CLAIMED = (11, 20)
"""The sessions on which r = 0.95 was found (legacy §6.3)."""

SCORERS = ("raising", "semantic", "edge")
APART = ("identity", "grounding")
"""Two scorers of ours that share no marker: what a coupling looks like that is not built in."""


@dataclass(frozen=True)
class CoupledScores:
    """Two quantities of the same sessions. shared: whether both count the same words."""

    left: Series
    right: Series
    where: str
    shared: bool

    @property
    def name(self) -> str:
        return f"{self.left.name} and {self.right.name}"

    def columns(self) -> tuple[list[float], list[float]]:
        """Return the values of the sessions that both have."""
        both = paired(self.left, self.right)
        return values([point for point, _ in both]), values([point for _, point in both])

    def r(self) -> Estimate:
        """Return Pearson's r."""
        return coupling.pearson(*self.columns())

    def by_chance(self) -> Significance:
        """Return the permutation test of r."""
        return coupling.permuted(*self.columns(), seed=SEED)


def section(content: ReportContent) -> Section | None:
    """Return the couplings, or None where no session has two scores."""
    pairs = [pair for pair in _pairs(content) if pair.columns()[0]]
    if not pairs:
        return None
    return Section(
        "coupling",
        "D5 and D9: coupled, or counted twice?",
        "A score that counts the same words as another one rises and falls with it, whatever the mind does.",
        (*_figures(pairs), _table(pairs)),
    )


def _pairs(content: ReportContent) -> Iterator[CoupledScores]:
    for scorer in SCORERS:
        trust, identity = content.find(scorer, "d5"), content.find(scorer, "d9")
        if trust is None or identity is None:
            continue
        freed = [series for series in content.series if series.scorer == scorer and series.quantity.startswith("d5-")]
        windows = [("all sessions", trust)]
        if scorer == SCORERS[0]:
            windows.insert(0, (f"sessions {CLAIMED[0]} to {CLAIMED[1]}", trust.window(*CLAIMED)))
        for where, part in windows:
            yield CoupledScores(part, identity, where, shared=True)
            seals = {point.seal for point in part.points}
            for series in freed:
                yield CoupledScores(series.where(lambda p, kept=seals: p.seal in kept), identity, where, shared=False)  # type: ignore[misc]
    naming, grounding = (content.find(scorer, "rate") for scorer in APART)
    if naming is not None and grounding is not None:
        yield CoupledScores(naming, grounding, "all sessions", shared=False)


def _figures(pairs: list[CoupledScores]) -> Iterator[Figure]:
    of_claim = [pair for pair in pairs if pair.left.scorer == SCORERS[0]]
    for number, where in enumerate(dict.fromkeys(pair.where for pair in of_claim), start=1):
        panels = [pair for pair in of_claim if pair.where == where][:2]
        clouds = [plots.Cloud(_title(pair), *pair.columns(), note=_note(pair.r())) for pair in panels]
        across, up = "d5", panels[0].right.quantity
        picture = partial(plots.scatter, f"coupling-{number}", f"{panels[0].name}, {where}", clouds, across, up)
        scorer = f"{panels[0].left.scorer}/{panels[0].left.version}"
        yield Figure(
            picture, f"{scorer}, {where}: one point a session; sessions with the same values make a larger one."
        )


def _title(pair: CoupledScores) -> str:
    return "shared words in both" if pair.shared else f"without them ({pair.left.quantity})"


def _note(r: Estimate) -> str:
    return f"r: {r.undefined}, n = {r.n}" if r.value is None else f"r = {r.value:.2f}, n = {r.n}"


def _table(pairs: list[CoupledScores]) -> Table:
    tested = [pair.by_chance() for pair in pairs]
    adjusted = corrections.holm([test.p for test in tested])
    rows: list[tuple[Cell, ...]] = [
        (
            pair.name,
            pair.where,
            "yes" if pair.shared else "no",
            NumberCell(pair.r(), pair.name, 3),
            chance(p, test.undefined),
        )
        for pair, test, p in zip(pairs, tested, adjusted, strict=True)
    ]
    note = (
        f"Pearson's r with Fisher's interval, n in sessions; p by permutation (seed {SEED}), two-sided, adjusted for "
        f"the {len(pairs)} tests of this table (Holm). Different scorers are never mixed."
    )
    return Table(("scores", "window", "count the same words", "r (95 % interval)", "p"), tuple(rows), note)
