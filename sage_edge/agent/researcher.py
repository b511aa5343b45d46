"""What a host that may analyse does at a wake: read what is verified, measure what is new, recommend, check."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import TypeVar

from sage_edge import curriculum
from sage_edge.agent.build import Agent
from sage_edge.analysis.findings import Filed
from sage_edge.analysis.study import Read, Study, study
from sage_edge.inventory import guard
from sage_edge.names import HostName, SessionId
from sage_edge.records import paper_paths
from sage_edge.records.base import Record, parse
from sage_edge.records.study import Check, Decision, Finding, Measure, Prediction, Recommendation
from sage_edge.records.transcript import Transcript

R = TypeVar("R", bound=Record)


def work(agent: Agent) -> tuple[str, ...]:
    """Write every new paper, and return what stood in the way of more."""
    guard.allow(agent.me.fleet, agent.me.host.name, "analyse")
    found = new_papers(agent)
    for paper in found.papers:
        agent.post.put(paper)
        session = paper.first if isinstance(paper, Recommendation) else paper.session
        agent.log(_EVENTS[type(paper)], describe(paper), session=session, about=paper.fingerprint())
    return found.problems


_EVENTS = {Finding: "session-examined", Check: "prediction-checked", Recommendation: "intervention-recommended"}


def new_papers(agent: Agent) -> Study:
    """Return what is new to say, without writing it."""
    me, fleet = agent.me.host.name, agent.me.fleet
    problems: list[str] = []
    found = study(
        Read(
            author=me, now=agent.clock.now(), curriculum=curriculum.load(agent.paths.fleet),
            rules=agent.me.role.rules if agent.can("recommend") else (),
            transcripts={h: tuple(_filed(agent, h, problems)) for h in fleet.owners("conduct")},
            findings=tuple(_read(agent, me, "findings", Finding, problems)),
            recommendations=tuple(_read(agent, me, "recommendations", Recommendation, problems)),
            checks=tuple(_read(agent, me, "checks", Check, problems)),
            decisions=tuple(_decisions(agent, problems)),
        )
    )  # fmt: skip
    return Study(found.findings, found.checks, found.recommendation, (*problems, *found.problems))


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
        except ValueError as foreign:
            problems.append(f"{host} {path} cannot be read: {foreign}")
            continue
        if path == paper_paths.of_session(session):
            yield Filed(session, functools.partial(load, path))
        else:
            problems.append(f"{host} {path} cannot be read: this is not the place of {session}")


def _decisions(agent: Agent, problems: list[str]) -> Iterator[Decision]:
    for host in agent.me.fleet.owners("decide"):
        yield from _read(agent, host, "decisions", Decision, problems)


def _read(agent: Agent, host: HostName, folder: str, kind: type[R], problems: list[str]) -> Iterator[R]:
    for path, content in agent.post.read(host, folder):
        try:
            yield parse(kind, content)
        except ValueError as foreign:  # another host's paper may be of a newer format; it is told, not believed
            problems.append(f"{host} {path} cannot be read: {foreign}")


def describe(paper: Finding | Check | Recommendation) -> str:
    """One line for people; of a finding the first number of each scorer, the rest is in the paper."""
    if isinstance(paper, Finding):
        first: dict[str, Measure] = {}
        for one in paper.measures:
            if one.value is not None:
                first.setdefault(one.scorer, one)
        told = "; ".join(map(_in_words, first.values())) or "nothing measurable"
        return f"{paper.session} of {paper.subject}: {told}"
    if isinstance(paper, Check):
        return f"prediction for {paper.session} {paper.verdict}: {paper.reason}"
    said = paper.prediction
    within = f"in {paper.first}" if said.sessions == 1 else f"in {said.sessions} sessions from {paper.first} on"
    return (
        f"to {paper.to}: {paper.intervention} for {paper.first}-{paper.last}, "
        f"predicting {_name(said)} {said.told} {within}"
    )


def _in_words(measure: Measure) -> str:
    count = f"{measure.value:.2f} of {measure.n}" if measure.hits is None else f"{measure.hits}/{measure.n}"
    if measure.low is None or measure.high is None:
        return f"{_name(measure)} {count}"
    return f"{_name(measure)} {count} [{measure.low:.2f}, {measure.high:.2f}]"


def _name(number: Measure | Prediction) -> str:
    return number.scorer if number.quantity == "rate" else f"{number.scorer} {number.quantity}"
