"""`sage-edge recommendation`: list, show, accept, decline. Accepting is for hosts whose policy is `manual`."""

from __future__ import annotations

from collections.abc import Collection

import click

from sage_edge.agent import advice_view, build, by_hand
from sage_edge.cli import render, rest
from sage_edge.cli.choice import unique
from sage_edge.cli.environment import (
    as_option,
    clock_at,
    committed,
    json_option,
    log,
    paths,
    release,
    stop_on_signals,
)
from sage_edge.cli.lazy_group import Listed
from sage_edge.hints import sage
from sage_edge.inventory import guard
from sage_edge.names import Digest
from sage_edge.sessions import interventions

_HEADS = ("id", "from", "sessions", "intervention", "decision", "outcome")


@click.group(cls=Listed, help="What researchers recommend to this host, and its answers.")
def command() -> None:
    """Group of the recommendation commands."""


@command.command("list")
@as_option
@json_option
def list_(as_host: str | None, as_json: bool) -> None:
    """List the recommendations to this host, its decisions, and what became of them."""
    papers = advice_view.of(_agent(as_host))
    rows = [
        (
            digest.short,
            paper.author,
            f"{paper.first}-{paper.last}",
            paper.intervention,
            papers.decision(digest),
            papers.outcome(digest),
        )
        for digest, paper in papers.advice.items()
    ]
    if as_json:
        render.document("sage-edge/advice/1", [dict(zip(_HEADS, row, strict=True)) for row in rows])
    elif rows:
        render.table(_HEADS, rows)
    else:
        log("no recommendations to this host")


@command.command()
@click.argument("recommendation")
@as_option
@json_option
def show(recommendation: str, as_host: str | None, as_json: bool) -> None:
    """Explain one: why, what was predicted, what became of it and of earlier ones, what speaks against it."""
    papers = advice_view.of(_agent(as_host))
    digest = _named("recommendation", recommendation, papers.advice)
    lines = dict(papers.lines(digest))
    if as_json:
        render.document("sage-edge/advice-shown/1", {"id": digest, **lines})
    else:
        render.table(("recommendation", digest.short), list(lines.items()))


@command.command()
@click.argument("recommendation")
@click.option("--because", required=True, help="Why; it is published with the decision.")
@as_option
def accept(recommendation: str, because: str, as_host: str | None) -> None:
    """Accept an open recommendation, named by its id or its beginning."""
    _decide(recommendation, because, as_host, accepted=True)


@command.command()
@click.argument("recommendation")
@click.option("--because", required=True, help="Why; it is published with the decision.")
@rest.until_option
@as_option
def decline(recommendation: str, because: str, until: str | None, as_host: str | None) -> None:
    """Decline an open recommendation; without --until the same rests for eight sessions."""
    _decide(recommendation, because, as_host, accepted=False, until=until)


def _decide(named: str, because: str, as_host: str | None, *, accepted: bool, until: str | None = None) -> None:
    agent = _agent(as_host)
    rest_until = rest.until(until, agent.clock.now()) if until else None
    agent.post.open()
    unanswered = interventions.unanswered(agent.post, agent.me.fleet, agent.me.host.name)
    digest = _named("open recommendation", named, unanswered)
    by_hand.decide(agent, digest, unanswered[digest], because, accepted=accepted, rest_until=rest_until)


def _named(kind: str, given: str, known: Collection[Digest]) -> Digest:
    by_id = {digest.partition(":")[2]: digest for digest in known}
    return by_id[unique(kind, given.removeprefix("sha256:"), by_id, hint=sage("recommendation list"))]


def _agent(as_host: str | None) -> build.Agent:
    here = paths()
    me = guard.require(here, "decide", as_host)
    return build.build(here, me, clock_at(None), stop_on_signals(), release(), log, None, committed=committed())
