"""What a person at the workstation does about recommendations to a host: list, accept, decline, withdraw."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import click

from sage_edge import clock, sanitize
from sage_edge.agent.directives import DirectedPapers
from sage_edge.cli import render
from sage_edge.cli.choice import unique
from sage_edge.errors import UsageError
from sage_edge.hints import invoke
from sage_edge.inventory import guard
from sage_edge.names import Digest, HostName
from sage_edge.records.directive import Directive, RecommendationAct, WithdrawalAct
from sage_edge.workstation import desk
from sage_edge.workstation.context import FleetContext
from sage_edge.workstation.desk import Desk

HEADS = ("id", "from", "sessions", "intervention", "state")


@dataclass(frozen=True)
class ActAsked:
    """What a person typed. id: a recommendation's, or its beginning; deadline: ISO 8601, or empty."""

    host: str
    id: str
    because: str
    deadline: str = ""


def listed(here: FleetContext, host: str, *, as_json: bool) -> int:
    """Print the recommendations to a host, and what became of each."""
    own, to = desk.of(here), _addressee(here, host, "recommendation.list")
    own.look()
    papers = own.papers(to)
    rows = [
        (digest.short, paper.author, f"{paper.first}-{paper.last}", paper.intervention, _state(papers, digest))
        for digest, paper in papers.recommendations.items()
        if paper.to == to
    ]
    if as_json:
        render.document("sage-edge/recommendations/1", [dict(zip(HEADS, row, strict=True)) for row in rows])
    elif rows:
        render.table(HEADS, rows)
    else:
        click.echo(f"no recommendations to {to}", err=True)
    return 0


def decided(here: FleetContext, asked: ActAsked, *, accept: bool) -> int:
    """Direct a host to accept or decline an open recommendation; the same act twice is one directive."""
    task = f"recommendation.{'accept' if accept else 'decline'}"
    own, to = desk.of(here), _addressee(here, asked.host, task)
    because, deadline = _reason(asked, task), _deadline(asked, task)
    own.look()
    papers = own.papers(to)
    waiting = [digest for digest, paper in papers.recommendations.items() if paper.to == to]
    about = _meant("recommendation", asked.id, waiting, to)
    act = RecommendationAct(kind="accept" if accept else "decline", recommendation=about)
    if (decision := papers.decisions.get(about)) is not None:
        raise UsageError(
            f"{to} has {decision.verdict} recommendation {about.short} already, by {decision.decided_by}",
            hint=("a decision stands for ever; see: ", invoke("recommendation.list", host=to)),
        )
    for digest, open_one in _open(own, papers, about):
        if open_one.act != act:
            raise UsageError(
                f"directive {digest.short} to {to} already says {open_one.act.kind} of {about.short}, and is open",
                hint=("take it back first: ", invoke("recommendation.withdraw", host=to, id=about.short)),
            )
        return _sent(own, to, digest, open_one, "is given already")
    directive = own.direct(to, act, because, deadline)
    return _sent(own, to, directive.fingerprint(), directive, "is given")


def withdrawn(here: FleetContext, asked: ActAsked) -> int:
    """Take back what was directed about a recommendation and has no answer yet."""
    task = "recommendation.withdraw"
    own, to = desk.of(here), _addressee(here, asked.host, task)
    because = _reason(asked, task)
    own.look()
    papers = own.papers(to)
    pending = {
        digest: directive.recommendation
        for digest, directive in papers.open.items()
        if directive.author == own.host and directive.recommendation
    }
    by_recommendation = {about: digest for digest, about in pending.items()}
    named = _meant("open directive about a recommendation", asked.id, [*by_recommendation, *pending], to)
    digest = by_recommendation.get(named, named)
    for known, open_one in papers.open.items():
        if open_one.author == own.host and open_one.withdraws == digest:
            return _sent(own, to, known, open_one, "is given already")
    directive = own.direct(to, WithdrawalAct(kind="withdraw", directive=digest), because, None)
    return _sent(own, to, directive.fingerprint(), directive, "is given")


def _sent(own: Desk, to: HostName, digest: Digest, directive: Directive, state: str) -> int:
    own.publish(f"directive {digest.short} to {to}")
    click.echo(f"directive {digest.short} to {to} {state}: {directive.act.kind}; its next look answers it")
    return 0


def _open(own: Desk, papers: DirectedPapers, about: Digest) -> Iterator[tuple[Digest, Directive]]:
    """The desk's open directives about a recommendation which it has not taken back."""
    back = {paper.withdraws for paper in papers.given.values() if paper.author == own.host}
    for digest, paper in papers.open.items():
        if paper.author == own.host and paper.recommendation == about and digest not in back:
            yield digest, paper


def _state(papers: DirectedPapers, about: Digest) -> str:
    """What became of a recommendation, newest directive last, in words."""
    decision = papers.decisions.get(about)
    states = [f"{decision.verdict} by {decision.decided_by}: {decision.reason}" if decision else "open"]
    for digest, paper in papers.given.items():
        if paper.recommendation == about:
            what = f"directive {digest.short} of {paper.author} to {paper.act.kind}"
            if (answer := papers.answers.get(digest)) is not None:
                states.append(f"{what} {answer.verdict}: {answer.reason}")
            elif digest in papers.open:
                states.append(f"{what} waits")
    return sanitize.page("; ".join(states))


def _addressee(here: FleetContext, host: str, task: str) -> HostName:
    if not host:
        raise UsageError("name a host: --host NAME", hint=invoke(task, help=True))
    name = here.fleet.host(host).name
    guard.allow(here.fleet, name, "decide")
    return name


def _meant(what: str, given: str, known: list[Digest], to: HostName) -> Digest:
    by_id = {digest.partition(":")[2]: digest for digest in known}
    see = ("see: ", invoke("recommendation.list", host=to))
    return by_id[unique(f"{what} to {to}", given.removeprefix("sha256:"), by_id, hint=see)]


def _reason(asked: ActAsked, task: str) -> str:
    if not asked.because.strip():
        raise UsageError("say why: --because REASON; it is published", hint=invoke(task, help=True))
    if len(asked.because) > 1000:
        raise UsageError("the reason is longer than 1000 characters", hint="say it shorter")
    return asked.because.strip()


def _deadline(asked: ActAsked, task: str) -> datetime | None:
    try:
        return clock.parse(asked.deadline) if asked.deadline else None
    except ValueError as wrong:
        raise UsageError(f"--deadline: {wrong}", hint=invoke(task, help=True)) from None
