"""One trial as a page: what was asked and settled, what was seen after each block, and its sessions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from sage_edge.analysis.report.blocks import Block, Cell, LinkCell, Section, Table
from sage_edge.analysis.report.content import ReportContent
from sage_edge.analysis.report.sections import Page
from sage_edge.analysis.report.session_page import FOOT
from sage_edge.analysis.trials import in_words
from sage_edge.names import Digest
from sage_edge.sizes import counted


def compose(content: ReportContent, digest: Digest, links: Mapping[Digest, str], around: Sequence[LinkCell]) -> Page:
    """Return the page of a trial. links: the page of each session by its seal."""
    trial = content.trials.trials[digest]
    rows: tuple[tuple[Cell, ...], ...] = tuple(in_words.lines(content.trials, digest))
    sections = [Section("trial", "Asked, settled, seen", f"Trial {digest.short}.", (Table(("", ""), rows),))]
    if looks := content.trials.looks.get(digest):
        lead = "Its interval holds at every look at once, so that looking after each block misleads nobody."
        table = Table(("blocks", "arm", "difference", "verdict", "state"), tuple(_looks(content, digest)))
        sections.append(Section("looks", counted(len(looks), "look"), lead, (table,)))
    held: tuple[tuple[Cell, ...], ...] = tuple(_sessions(content, digest, links))
    if held:
        blocks: tuple[Block, ...] = (Table(("session", "arm", "block", "counted"), held),)
        sections.append(Section("sessions", "Its sessions", "As each session's own head records them.", blocks))
    return Page(
        title=f"{trial.design.name}: a trial with {trial.mind}",
        about=(trial.design.question,),
        headline=in_words.state(content.trials, digest),
        sections=tuple(sections),
        around=tuple(around),
        foot=FOOT,
    )


def _looks(content: ReportContent, digest: Digest) -> Iterator[tuple[Cell, ...]]:
    outcome = content.trials.trials[digest].design.outcome
    for look in content.trials.looks[digest]:
        for contrast in look.contrasts:
            mean, low, high = in_words.as_measured(outcome, contrast)
            seen = "none" if contrast.mean is None else f"{mean:+.2f} ({low:+.2f} to {high:+.2f})"
            yield str(look.blocks), contrast.arm, seen, contrast.verdict.replace("-", " "), look.state


def _sessions(content: ReportContent, digest: Digest, links: Mapping[Digest, str]) -> Iterator[tuple[Cell, ...]]:
    for session in content.sessions:
        header, place = session.header, session.header.trial
        if place is not None and place.trial == digest:
            label = LinkCell(header.label, links[header.seal]) if header.seal in links else header.label
            yield label, place.arm, str(place.block), "yes" if place.counted else "no, wash-out"
