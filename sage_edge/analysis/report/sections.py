"""What a report says, section by section, before anybody decides how it looks.

the mind ─ what was tried ─ its numbers ─ schedule and provenance ─ appendix: what was claimed, and the scorers
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sage_edge.analysis.report import (
    claims,
    coupling,
    distribution,
    glossary,
    lengths,
    mind,
    narration,
    outlooks,
    predictions,
    provenance,
    schedule,
    training,
    trajectories,
    tried,
)
from sage_edge.analysis.report.blocks import Badge, LinkCell, Section
from sage_edge.analysis.report.content import SEED, ReportContent

REGENERATE = "sage-edge report --corpus DIR --out report.html --markdown report.md"


@dataclass(frozen=True)
class ClaimCard:
    """A claim for readers in a hurry."""

    badge: Badge
    title: str
    sentence: str


@dataclass(frozen=True)
class Page:
    """A whole report, or another page of its folder.

    verdicts: what the cards come to; appendix: what is about claims and rules, not the mind. around: links to the other
    pages of its folder.
    """

    title: str
    about: tuple[str, ...]
    headline: str
    sections: tuple[Section, ...]
    foot: tuple[str, ...]
    verdicts: str = ""
    cards: tuple[ClaimCard, ...] = ()
    appendix: tuple[Section, ...] = ()
    around: tuple[LinkCell, ...] = ()


def compose(content: ReportContent) -> Page:
    """Return the report; a section that has nothing to say is left out."""
    cards = tuple(ClaimCard(claims.badge(claim), claim.statement, claims.sentence(claim)) for claim in content.claims)
    headline = mind.headline(content)
    return Page(
        title=mind.name(content),
        about=(_ABOUT,) if content.newest else (_ABOUT, headline),
        headline=headline,
        sections=tuple(_sections(content)),
        verdicts=claims.headline(content.claims),
        cards=cards,
        appendix=tuple(_appendix(content)),
        foot=(
            f"Generated, not written: the same papers make the same report. To make it again: {REGENERATE}",
            f"Intervals cover 95 %. Where chance is used, it starts at seed {SEED}.",
        ),
    )


_ABOUT = (
    "A small language model is raised by talking with it, session after session, and every word is kept. "
    "This report measures what was said, and says what each number is worth."
)


def _sections(content: ReportContent) -> Iterator[Section]:
    sections = (
        mind.section(content),
        tried.section(content),
        predictions.section(content.forecasts),
        outlooks.section(content.outlooks),
        narration.section(content.narrative),
        *trajectories.sections(content),
        training.section(content),
        lengths.section(content),
        schedule.section(content),
        provenance.section(content),
    )
    return (section for section in sections if section is not None)


def _appendix(content: ReportContent) -> Iterator[Section]:
    sections = (
        claims.section(content.claims, content.elsewhere),
        claims.worklist(content.claims),
        coupling.section(content),
        distribution.section(content),
        glossary.section(),
    )
    return (section for section in sections if section is not None)
