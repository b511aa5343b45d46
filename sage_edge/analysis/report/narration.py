"""What a model wrote about the findings, marked as its words and as nobody's numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sage_edge.analysis.report.blocks import Badge, Block, Cell, Definition, Paragraphs, Section, Table
from sage_edge.sizes import counted

if TYPE_CHECKING:  # its module opens engines, and a report needs none
    from sage_edge.analysis.narrative import Narrative


def section(narrative: Narrative | None) -> Section | None:
    """Return the narrative with its author and with what was struck, or None if nobody was asked for one."""
    if narrative is None:
        return None
    blocks: list[Block] = []
    if narrative.kept:
        rows: tuple[tuple[Cell, ...], ...] = tuple(
            (Badge(sentence.cites), sentence.text) for sentence in narrative.kept
        )
        blocks.append(Table(("about", "in the model's words"), rows, _NOTE))
    if narrative.struck:
        lines = tuple(f"{sentence.text} (struck: {sentence.why})" for sentence in narrative.struck)
        blocks.append(Definition(f"{counted(len(lines), 'sentence')} struck", lines))
    if narrative.failures:
        blocks.append(Definition(f"{counted(len(narrative.failures), 'failure')}", narrative.failures))
    if not narrative.kept:
        blocks.insert(0, Paragraphs(("Nothing that it wrote could be believed, so nothing of it stands here.",)))
    lead = f"Written by the model {narrative.model} ({narrative.digest}) with {narrative.engine}, not by a person."
    return Section("narrative", "In a model's words", lead, tuple(blocks))


_NOTE = (
    "No number comes from here: a sentence that cites no finding, or holds a number that its finding does not hold, is "
    "struck. What is left may still be wrong."
)
