"""What was expected of the next sessions before they were, and how near that came, next to "no change"."""

from __future__ import annotations

from collections.abc import Sequence

from sage_edge.analysis.outlooks import ScoredOutlook
from sage_edge.analysis.report.blocks import Cell, Section, Table
from sage_edge.records.outlook import OUTLOOK_SESSIONS, OutlookRange
from sage_edge.sizes import counted


def section(outlooks: Sequence[ScoredOutlook]) -> Section | None:
    """Return every outlook with its score, or None without one."""
    if not outlooks:
        return None
    rows: list[tuple[Cell, ...]] = [
        (
            f"{known.outlook.fingerprint().short}, {known.outlook.created:%Y-%m-%d %H:%M}",
            known.outlook.name,
            f"{known.outlook.first} to {known.outlook.last}",
            expected(known.outlook.forecast),
            expected(known.outlook.unchanged),
            known.became,
        )
        for known in outlooks
    ]
    scored = sum(known.score is not None for known in outlooks)
    lead = f"{counted(len(outlooks), 'forecast')}, each written before its sessions; {scored} scored by now."
    heads = ("registered as, on", "outcome", "sessions", "forecast of each", "no change", "what became of it")
    return Section("outlooks", "Forecasts, and what came of them", lead, (Table(heads, tuple(rows), _NOTE),))


def expected(range_: OutlookRange) -> str:
    """Return `0.34 (0.05 to 0.63)`."""
    return f"{range_.value:.2f} ({range_.low:.2f} to {range_.high:.2f})"


_NOTE = (
    f"Each is about every single one of the next {OUTLOOK_SESSIONS} sessions; the interval is to hold 19 of 20. "
    "Forecast: nothing drifts. No change: each is like the last one. Interval score: the width, and 40 times how far a "
    "session lies outside; the smaller the better (Gneiting and Raftery 2007)."
)
