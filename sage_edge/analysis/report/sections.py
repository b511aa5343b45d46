"""What a report says, section by section, before anybody decides how it looks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from sage_edge.analysis.corpus import UNKNOWN
from sage_edge.analysis.report import (
    claims,
    coupling,
    distribution,
    glossary,
    lengths,
    narration,
    predictions,
    provenance,
    schedule,
    training,
    trajectories,
)
from sage_edge.analysis.report.blocks import Badge, Section, joined
from sage_edge.analysis.report.content import SEED, ReportContent
from sage_edge.sizes import counted

REGENERATE = "sage-edge report --corpus DIR --out report.html --markdown LATEST_STATUS.md"


@dataclass(frozen=True)
class ClaimCard:
    """A claim for readers in a hurry."""

    badge: Badge
    title: str
    sentence: str


@dataclass(frozen=True)
class Page:
    """A whole report."""

    title: str
    about: tuple[str, ...]
    headline: str
    cards: tuple[ClaimCard, ...]
    sections: tuple[Section, ...]
    foot: tuple[str, ...]


def compose(content: ReportContent) -> Page:
    """Return the report; a section that has nothing to say is left out."""
    cards = tuple(ClaimCard(claims.badge(claim), claim.statement, claims.sentence(claim)) for claim in content.claims)
    return Page(
        title="What the transcripts say",
        about=tuple(_about(content)),
        headline=claims.headline(content.claims),
        cards=cards,
        sections=tuple(_sections(content)),
        foot=(
            f"Generated, not written: the same papers make the same report. To make it again: {REGENERATE}",
            f"Intervals cover 95 %. Where chance is used, it starts at seed {SEED}.",
        ),
    )


def _sections(content: ReportContent) -> Iterator[Section]:
    sections = (
        claims.section(content.claims, content.elsewhere),
        claims.worklist(content.claims),
        predictions.section(content.forecasts),
        narration.section(content.narrative),
        *trajectories.sections(content),
        coupling.section(content),
        distribution.section(content),
        training.section(content),
        lengths.section(content),
        schedule.section(content),
        provenance.section(content),
        glossary.section(),
    )
    return (section for section in sections if section is not None)


def _about(content: ReportContent) -> Iterator[str]:
    yield (
        "A small language model is raised by talking with it, session after session, and every word is kept. "
        "This report measures what was said, and says what each number is worth."
    )
    counting = [session for session in content.sessions if session.counts]
    if not counting:
        yield f"There is no session in {content.source} yet."
        return
    tracks = Counter(session.header.track or "no" for session in counting)
    parts = joined([f"{n} of the {track} track" for track, n in sorted(tracks.items())])
    minds = joined(sorted({session.header.mind for session in counting}))
    sessions = counted(len(counting), "session")
    where = "on a host that no paper names" if content.host == UNKNOWN else f"on {content.host}"
    where += f" ({content.mind})" if content.mind else ""
    yield f"{sessions} with {minds} {where}, from {content.source}: {parts}. {_when(content)}"
    if content.others:
        others = joined(content.others)
        yield f"Further minds have sessions there: {others}. Each has a report of its own (--host, --mind)."


def _when(content: ReportContent) -> str:
    begun = sorted(
        (session.header.started, session.header.label)
        for session in content.sessions
        if session.counts and session.header.started
    )
    if not begun:
        return "None of them says when it was held."
    (first, _), (last, label) = begun[0], begun[-1]
    return f"Held from {first:%Y-%m-%d} to {last:%Y-%m-%d}; the newest is {label}."
