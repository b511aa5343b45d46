"""How the paper of an imported session looks to people, and what can be proven of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from sage_edge import sanitize
from sage_edge.cli import render
from sage_edge.cli.session_view import said
from sage_edge.sizes import counted

if TYPE_CHECKING:
    from sage_edge.records.legacy import LegacyHead, LegacyTranscript


def paper(paper: LegacyTranscript) -> None:
    """Print a whole paper: what its file said of the session, what was asked and answered."""
    head = paper.head
    render.line(sanitize.terminal(" · ".join(filter(None, (head.label, head.host, head.unit, "imported")))), "bold")
    rows = [
        ("time", _time(head)),
        ("model", head.model or "its file does not say"),
        ("under", head.intervention),
        ("from", _source(head)),
        ("counts", head.standing + (f": {head.why}" if head.why else "")),
        ("seal", paper.seal),
        *(("repaired", repair) for repair in head.repairs),
        *(("left out", reason) for reason in paper.closing.refused),
    ]
    for key, value in rows:
        click.echo(f"{key:>8}  {sanitize.terminal(value)}")
    if head.system:
        said("system", head.system, err=False)
    for turn in paper.turns:
        if turn.prompt or turn.asker:
            said(turn.asker or "asked", turn.prompt, err=False)
        if turn.thought:
            said("thought", turn.thought, err=False)
        mark = "" if turn.outcome == "ok" else f"[{turn.outcome}] "
        said(head.mind, f"{mark}{turn.reply or turn.error or ''}", err=False)


def proof(paper: LegacyTranscript) -> None:
    """Print what the chain of a paper proves, and what it does not."""
    head, turns = paper.head, counted(paper.closing.turns, "turn")
    lines = (
        f"{head.label} is an imported session, and as its import wrote it: {turns}, seal {paper.seal}",
        f"It was made from {_source(head)}; where that file still is, sha256sum shows whether it is the same.",
        "Who conducted it, and that its words were said, nobody signed: the older system kept no proof.",
    )
    for line in lines:
        click.echo(sanitize.terminal(line))


def _time(head: LegacyHead) -> str:
    ends = [f"{moment:%Y-%m-%d %H:%M:%SZ}" if moment else "unknown" for moment in (head.started, head.ended)]
    zone = f" (read as {head.assumed_zone})" if head.assumed_zone else ""
    return f"{ends[0]} to {ends[1]}{zone}"


def _source(head: LegacyHead) -> str:
    inside = f", in it {head.place}" if head.place else ""
    return f"{head.source}{inside} ({head.source_sha256})"
