"""A page in which a text of others stands wherever one may stand."""

from __future__ import annotations

from functools import partial

from sage_edge import files
from sage_edge.analysis import plots
from sage_edge.analysis.report.blocks import (
    Badge,
    Definition,
    Figure,
    LinkCell,
    NumberCell,
    Paragraphs,
    Quotation,
    Section,
    Table,
)
from sage_edge.analysis.report.sections import ClaimCard, Page
from sage_edge.analysis.statistics.means import rate


def page(text: str) -> Page:
    """Return a page with every kind of block, full of `text`."""
    number = NumberCell(rate(1, 4), text)
    table = Table((text, "b"), ((text, Badge(text)), (number, text), (text, LinkCell(text, "#second"))), text)
    folded = Table(("a",), ((text,),), text, folded=text)
    picture = Figure(partial(plots.trajectory, "one", text, [plots.Curve(text, [1, 2], [0.1, 0.9])]), text)
    other = Figure(partial(plots.histogram, "two", text, [0.1, 0.5], text), text)
    definition = Definition(text, (text,), table, f"{text}\n~~~~~~\n```\n{text}")
    quotation = Quotation(text, text, text, files.digest(b"a session"))
    sections = (
        Section("first", text, text, (Paragraphs((text, text)), picture, other, table, folded, definition, quotation)),
        Section("second", text, text, (Figure(partial(plots.histogram, "three", text, [], text), text), table)),
        Section("third", text, text),
    )
    cards = (ClaimCard(Badge(text, "bad"), text, text),)
    around = (LinkCell(text, "#first"),)
    return Page(text, (text,), text, sections[:2], (text,), text, cards, sections[2:], around)
