"""What a person at the workstation does about recommendations to a host: list, accept, decline, withdraw."""

from __future__ import annotations

import click

from sage_edge.cli import render
from sage_edge.records.directive import RecommendationAct
from sage_edge.workstation import directed_acts
from sage_edge.workstation.context import FleetContext
from sage_edge.workstation.directed_acts import ActAsked

HEADS = ("id", "from", "sessions", "intervention", "state")
WHAT = "recommendation"


def listed(here: FleetContext, host: str, *, as_json: bool) -> int:
    """Print the recommendations to a host, and what became of each."""
    at = directed_acts.opened(here, host, "recommendation.list")
    papers = at.papers
    rows = [
        (
            digest.short,
            paper.author,
            f"{paper.first}-{paper.last}",
            paper.intervention,
            directed_acts.state(papers, digest, papers.decisions.get(digest)),
        )
        for digest, paper in papers.recommendations.items()
        if paper.to == at.to
    ]
    if as_json:
        render.document("sage-edge/recommendations/1", [dict(zip(HEADS, row, strict=True)) for row in rows])
    elif rows:
        render.table(HEADS, rows)
    else:
        click.echo(f"no recommendations to {at.to}", err=True)
    return 0


def decided(here: FleetContext, asked: ActAsked, *, accept: bool) -> int:
    """Direct a host to accept or decline an open recommendation; the same act twice is one directive."""
    directed_acts.check(asked, "accept" if accept else "decline")
    at = directed_acts.opened(here, asked.host, asked.task("accept" if accept else "decline"))
    offered = [digest for digest, paper in at.papers.recommendations.items() if paper.to == at.to]
    about = directed_acts.meant(WHAT, asked, offered, at.to)
    act = RecommendationAct(kind="accept" if accept else "decline", recommendation=about)
    return directed_acts.give(at, asked, about, act, at.papers.decisions.get(about))


def withdrawn(here: FleetContext, asked: ActAsked) -> int:
    """Take back what was directed about a recommendation and has no answer yet."""
    return directed_acts.take_back(here, asked, RecommendationAct)
