"""One theory as a page: what it says, how it stands, what it predicts, and what speaks for and against it."""

from __future__ import annotations

from collections.abc import Sequence

from sage_edge.analysis.report.blocks import Cell, LinkCell, Section, Table
from sage_edge.analysis.report.sections import Page
from sage_edge.analysis.report.session_page import FOOT
from sage_edge.analysis.theories import in_words
from sage_edge.records.theory import Theory


def compose(versions: Sequence[Theory], around: Sequence[LinkCell]) -> Page:
    """Return the page of a theory. versions: the oldest first; the newest one stands."""
    newest, earlier = versions[-1], versions[:-1]
    rows: tuple[tuple[Cell, ...], ...] = tuple(in_words.lines(newest, earlier))
    lead = f"{in_words.STATES[newest.status].capitalize()}, by what was tested so far."
    return Page(
        title=f"{newest.name}: a theory of {newest.author}",
        about=(newest.statement,),
        headline=lead,
        sections=(Section("theory", "How it stands", lead, (Table(("", ""), rows),)),),
        around=tuple(around),
        foot=FOOT,
    )
