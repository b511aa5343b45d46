"""`sage-edge recommendation`: list, accept, decline. For hosts whose policy is `manual`."""

from __future__ import annotations

import click

from sage_edge.agent import build, by_hand
from sage_edge.cli import render
from sage_edge.cli.choice import unique
from sage_edge.cli.environment import as_option, clock_at, committed, log, paths, release, stop_on_signals
from sage_edge.cli.lazy_group import Listed
from sage_edge.hints import sage
from sage_edge.inventory import guard
from sage_edge.records.study import Decision
from sage_edge.sessions import interventions


@click.group(cls=Listed, help="What researchers recommend to this host, and its answers.")
def command() -> None:
    """Group of the recommendation commands."""


@command.command("list")
@as_option
def list_(as_host: str | None) -> None:
    """List the recommendations to this host with its decisions."""
    agent = _agent(as_host)
    host = agent.me.host.name
    answered = interventions.decisions(agent.post, host)
    rows = [
        (digest.short, paper.author, f"{paper.first}-{paper.last}", paper.intervention, _state(answered.get(digest)))
        for digest, paper in interventions.addressed(agent.post, agent.me.fleet, host).items()
    ]
    if rows:
        render.table(("id", "from", "sessions", "intervention", "decision"), rows)
    else:
        log("no recommendations to this host")


def _state(decision: Decision | None) -> str:
    return f"{decision.verdict} by {decision.decided_by}: {decision.reason}" if decision else "open"


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
@as_option
def decline(recommendation: str, because: str, as_host: str | None) -> None:
    """Decline an open recommendation, named by its id or its beginning."""
    _decide(recommendation, because, as_host, accepted=False)


def _decide(short: str, because: str, as_host: str | None, *, accepted: bool) -> None:
    agent = _agent(as_host)
    agent.post.open()
    unanswered = interventions.unanswered(agent.post, agent.me.fleet, agent.me.host.name)
    by_id = {digest.partition(":")[2]: digest for digest in unanswered}
    begun = short.removeprefix("sha256:")
    digest = by_id[unique("open recommendation", begun, by_id, hint=sage("recommendation list"))]
    by_hand.decide(agent, digest, unanswered[digest], because, accepted=accepted)


def _agent(as_host: str | None) -> build.Agent:
    here = paths()
    me = guard.require(here, "decide", as_host)
    return build.build(here, me, clock_at(None), stop_on_signals(), release(), log, None, committed=committed())
