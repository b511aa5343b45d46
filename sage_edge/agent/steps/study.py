"""Step: read what is verified, measure what is new, recommend and check predictions; each paper is one action."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import PurePosixPath
from typing import TypeVar

from sage_edge import curriculum
from sage_edge import trials as declared_trials
from sage_edge.agent.build import Agent
from sage_edge.agent.paper_summary import describe
from sage_edge.agent.steps.base import Wake, WakeAction, WakeStep, holders_of
from sage_edge.analysis.findings import Filed
from sage_edge.analysis.outlooks import OutlookOutcome, OutlookPapers
from sage_edge.analysis.study import Study, StudyPaper, StudyPapers, study
from sage_edge.analysis.trials.work import TrialWork
from sage_edge.errors import SageError, UsageError
from sage_edge.inventory import guard
from sage_edge.names import HostName, SessionId
from sage_edge.records import paper_paths
from sage_edge.records.base import Record, parse
from sage_edge.records.outlook import Outlook, OutlookScore
from sage_edge.records.study import Check, Decision, Finding, Recommendation
from sage_edge.records.theory import Theory
from sage_edge.records.transcript import Transcript
from sage_edge.records.trial import Trial, TrialLook
from sage_edge.sessions import trials

R = TypeVar("R", bound=Record)

_EVENTS = {
    Finding: "session-examined",
    Check: "prediction-checked",
    TrialLook: "trial-looked-at",
    Trial: "trial-proposed",
    OutlookScore: "outlook-scored",
    Outlook: "outlook-registered",
    Recommendation: "intervention-recommended",
    Theory: "theory-published",
}


_NAMES: Mapping[type[Record], str] = {TrialLook: "look at a trial", OutlookScore: "score of an outlook"}


def actions(agent: Agent, wake: Wake) -> Iterator[WakeAction]:
    """Yield each paper that is to be written; what stood in the way of more goes to the wake's problems."""
    new = new_papers(agent)
    for paper in new.papers:
        name = _NAMES.get(type(paper), type(paper).__name__.lower())
        yield WakeAction(f"write a {name}", describe(paper), partial(_write, agent, paper))
    if new.theories:
        yield WakeAction("write LATEST_STATUS.md", "it is made of the theories", partial(_overview, agent))
    if not new.papers:
        yield WakeAction("study nothing", "every verified transcript has its finding")
    wake.problems.extend(new.problems)


def _write(agent: Agent, paper: StudyPaper) -> None:
    guard.allow(agent.me.fleet, agent.me.host.name, "analyse")
    agent.post.put(paper)
    session = paper.session if isinstance(paper, Finding | Check) else None
    if isinstance(paper, Recommendation):
        session = paper.first
    ended = isinstance(paper, TrialLook) and paper.state != "running"
    agent.record(
        "trial-ended" if ended else _EVENTS[type(paper)], describe(paper), session=session, about=paper.fingerprint()
    )


def _overview(agent: Agent) -> None:
    from sage_edge.agent.theory_study import write_overview

    write_overview(agent)


def new_papers(agent: Agent) -> Study:
    """Return what is new to say, without writing it."""
    from sage_edge.agent.theory_study import with_theories  # claims are for who studies, not for every wake

    me, fleet, trust = agent.me.host.name, agent.me.fleet, agent.watch.look()
    may_recommend = agent.can("recommend") and trust.doubt is None  # its validity would be counted from a wrong date
    problems: list[str] = []
    trials_ = _trials(agent, may_recommend, problems)
    read = StudyPapers(
        author=me,
        now=trust.at,
        curriculum=curriculum.load(agent.paths.fleet),
        rules=agent.me.role.rules if may_recommend else (),
        transcripts={h: tuple(_filed(agent, h, problems)) for h in fleet.conductors()},
        findings=tuple(_read(agent, me, "findings", Finding, problems)),
        recommendations=tuple(_read(agent, me, "recommendations", Recommendation, problems)),
        checks=tuple(_read(agent, me, "checks", Check, problems)),
        decisions=tuple(_decisions(agent, problems)),
        letters=fleet.kinds.letters,
        trials=trials_,
        outlooks=OutlookPapers(
            tuple(_outcomes(agent, trials_)) if may_recommend else (),
            tuple(_read(agent, me, "outlooks", Outlook, problems)),
            {score.outlook for score in _read(agent, me, "outlook-scores", OutlookScore, problems)},
        ),
    )
    new = study(read)
    whole = with_theories(agent, new, read.trials.papers, len(read.findings))
    return replace(whole, problems=(*problems, *whole.problems))


def _outcomes(agent: Agent, work: TrialWork) -> Iterator[OutlookOutcome]:
    """What rules look at and what the trials of the agenda ask about."""
    for rule in agent.me.role.rules:
        yield OutlookOutcome(rule.track, rule.scorer, rule.version, rule.quantity)
    for item in work.agenda:
        if (card := work.cards.get(item.trial)) is not None:
            yield OutlookOutcome(card.track, card.outcome.scorer, card.outcome.version, card.outcome.quantity)


def _trials(agent: Agent, may_recommend: bool, problems: list[str]) -> TrialWork:
    papers = trials.papers(agent.post, agent.me.fleet)
    role = agent.me.role
    agenda = role.agenda if may_recommend else ()
    proposes = may_recommend and (agenda or any(rule.trial for rule in role.rules))
    try:
        return TrialWork(agenda, declared_trials.load(agent.paths.fleet) if proposes else {}, papers)
    except SageError as wrong:  # a trial that is declared wrongly stops no study
        problems.append(f"no trial is proposed: {wrong.message}")
        return TrialWork((), {}, papers)


def _filed(agent: Agent, host: HostName, problems: list[str]) -> Iterator[Filed]:
    """A host's transcripts where they lie; a shard of them is read at once, and only when one in it is asked for."""

    @functools.lru_cache(maxsize=2)
    def shard(folder: str) -> Mapping[str, bytes]:
        return dict(agent.post.read(host, folder))

    def load(path: str) -> Transcript:
        return parse(Transcript, shard(str(PurePosixPath(path).parent))[path])

    for path in agent.post.names(host, "sessions"):
        try:
            session = SessionId(PurePosixPath(path).stem)
            place = paper_paths.of_session(session, agent.me.fleet.kinds.of(session).name)
        except (ValueError, UsageError) as foreign:
            problems.append(f"{host} {path} cannot be read: {foreign}")
            continue
        if path == place:
            yield Filed(session, functools.partial(load, path))
        else:
            problems.append(f"{host} {path} cannot be read: this is not the place of {session}")


def _decisions(agent: Agent, problems: list[str]) -> Iterator[Decision]:
    for host in agent.me.fleet.owners("decide"):
        yield from _read(agent, host, "decisions", Decision, problems)


def _read(agent: Agent, host: HostName, folder: str, kind: type[R], problems: list[str]) -> Iterator[R]:
    for path, content in agent.post.read(host, folder):
        if paper_paths.is_answer(path):
            continue
        try:
            yield parse(kind, content)
        except ValueError as foreign:  # another host's paper may be of a newer format; it is told, not believed
            problems.append(f"{host} {path} cannot be read: {foreign}")


STEP = WakeStep("study", actions, holders_of("analyse"))
