"""What a person at the workstation directs a host to do about a paper: one open directive, which can be taken back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import click

from sage_edge import clock, sanitize
from sage_edge.agent.directives import DirectedPapers
from sage_edge.cli.choice import unique
from sage_edge.errors import UsageError
from sage_edge.hints import NextCommand, invoke
from sage_edge.inventory import guard
from sage_edge.names import Digest, HostName
from sage_edge.records.directive import Directive, RecommendationAct, TrialAct, WithdrawalAct
from sage_edge.records.study import Decision
from sage_edge.records.trial import TrialDecision
from sage_edge.workstation import desk
from sage_edge.workstation.context import FleetContext
from sage_edge.workstation.desk import Desk


@dataclass(frozen=True)
class ActAsked:
    """What a person typed. what: `recommendation` or `trial`, of which `id` is one or the beginning of it.

    deadline: ISO 8601, or empty.
    """

    what: str
    host: str
    id: str
    because: str
    deadline: str = ""

    def task(self, act: str) -> str:
        """Return the task of an act, as it is typed."""
        return f"{self.what}.{act}"


@dataclass(frozen=True)
class PersonsDesk:
    """The desk after a look, whom it speaks to, and what is known of that host."""

    own: Desk
    to: HostName
    papers: DirectedPapers


def opened(here: FleetContext, host: str, task: str) -> PersonsDesk:
    """Return the desk, once it has looked. Raises UsageError, NotMyRole, Unreachable."""
    own, to = desk.of(here), _addressee(here, host, task)
    own.look()
    return PersonsDesk(own, to, own.papers(to))


def check(asked: ActAsked, act: str) -> tuple[str, datetime | None]:
    """Return reason and deadline of what was typed, before anybody is asked. Raises UsageError."""
    task = asked.task(act)
    return _reason(asked, task), _deadline(asked, task)


def give(
    at: PersonsDesk,
    asked: ActAsked,
    about: Digest,
    act: RecommendationAct | TrialAct,
    decision: Decision | TrialDecision | None,
) -> int:
    """Direct a host to decide as asked; the same act twice is one directive. decision: the one that stands already."""
    because, deadline = check(asked, act.kind.partition("-")[0])
    if decision is not None:
        raise UsageError(
            f"{at.to} has {decision.verdict} {asked.what} {about.short} already, by {decision.decided_by}",
            hint=("a decision stands for ever; see: ", _list(asked, at.to)),
        )
    for digest, open_one in _open(at, about):
        if open_one.act != act:
            raise UsageError(
                f"directive {digest.short} to {at.to} already says {open_one.act.kind} of {about.short}, and is open",
                hint=("take it back first: ", _withdraw(asked, at.to, about)),
            )
        return _sent(at, digest, open_one, "is given already")
    directive = at.own.direct(at.to, act, because, deadline)
    return _sent(at, directive.fingerprint(), directive, "is given")


def take_back(here: FleetContext, asked: ActAsked, kind: type[RecommendationAct | TrialAct]) -> int:
    """Take back what was directed about a paper and has no answer yet."""
    task = asked.task("withdraw")
    because = _reason(asked, task)
    at = opened(here, asked.host, task)
    pending = {
        digest: directive.about
        for digest, directive in at.papers.open.items()
        if directive.author == at.own.host and directive.about and isinstance(directive.act, kind)
    }
    of_paper = {about: digest for digest, about in pending.items()}
    named = meant(f"open directive about a {asked.what}", asked, [*of_paper, *pending], at.to)
    digest = of_paper.get(named, named)
    for known, open_one in at.papers.open.items():
        if open_one.author == at.own.host and open_one.withdraws == digest:
            return _sent(at, known, open_one, "is given already")
    directive = at.own.direct(at.to, WithdrawalAct(kind="withdraw", directive=digest), because, None)
    return _sent(at, directive.fingerprint(), directive, "is given")


def state(papers: DirectedPapers, about: Digest, decision: Decision | TrialDecision | None) -> str:
    """Return what became of a paper, newest directive last, in words."""
    states = [f"{decision.verdict} by {decision.decided_by}: {decision.reason}" if decision else "open"]
    for digest, paper in papers.given.items():
        if paper.about == about:
            what = f"directive {digest.short} of {paper.author} to {paper.act.kind.partition('-')[0]}"
            if (answer := papers.answers.get(digest)) is not None:
                states.append(f"{what} {answer.verdict}: {answer.reason}")
            elif digest in papers.open:
                states.append(f"{what} waits")
    return sanitize.page("; ".join(states))


def meant(what: str, asked: ActAsked, known: list[Digest], to: HostName) -> Digest:
    """Return the paper that a person means by an id or its beginning. Raises UsageError."""
    by_id = {digest.partition(":")[2]: digest for digest in known}
    see = ("see: ", _list(asked, to))
    return by_id[unique(f"{what} to {to}", asked.id.removeprefix("sha256:"), by_id, hint=see)]


def _list(asked: ActAsked, to: HostName) -> NextCommand:
    return invoke("trial.list", host=to) if asked.what == "trial" else invoke("recommendation.list", host=to)


def _withdraw(asked: ActAsked, to: HostName, about: Digest) -> NextCommand:
    if asked.what == "trial":
        return invoke("trial.withdraw", host=to, id=about.short)
    return invoke("recommendation.withdraw", host=to, id=about.short)


def _sent(at: PersonsDesk, digest: Digest, directive: Directive, how: str) -> int:
    at.own.publish(f"directive {digest.short} to {at.to}")
    click.echo(f"directive {digest.short} to {at.to} {how}: {directive.act.kind}; its next look answers it")
    return 0


def _open(at: PersonsDesk, about: Digest) -> Iterator[tuple[Digest, Directive]]:
    """The desk's open directives about a paper which it has not taken back."""
    back = {paper.withdraws for paper in at.papers.given.values() if paper.author == at.own.host}
    for digest, paper in at.papers.open.items():
        if paper.author == at.own.host and paper.about == about and digest not in back:
            yield digest, paper


def _addressee(here: FleetContext, host: str, task: str) -> HostName:
    if not host:
        raise UsageError("name a host: --host NAME", hint=invoke(task, help=True))
    name = here.fleet.host(host).name
    guard.allow(here.fleet, name, "decide")
    return name


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
