"""A researcher's work on the papers it has read, as a pure function: findings, checks, at most one recommendation.

    1. a finding for each whole transcript that has none
    2. a check for each recommendation of ours whose window holds a session under its intervention
    3. at most one recommendation, over all hosts

Deterministic, and idempotent: called again with what it returned, it returns no paper.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sage_edge.analysis.findings import CONTEXT, Examined, Filed, examine
from sage_edge.analysis.prediction_check import check
from sage_edge.analysis.recommend import Case, Threshold, recommend
from sage_edge.curriculum import Curriculum
from sage_edge.errors import SageError
from sage_edge.names import FIRST_LETTERS, Digest, HostName, Track
from sage_edge.records.study import Check, Decision, Finding, Recommendation
from sage_edge.records.transcript import Transcript, chain_faults


@dataclass(frozen=True)
class StudyPapers:
    """Everything that a researcher has read. findings, recommendations, checks: its own. decisions: of anybody.

    letters: the declared kinds of sessions and their letters.
    transcripts: one that is filed is read only where its finding does not answer, so that a wake costs what is new.
    """

    author: HostName
    now: datetime
    curriculum: Curriculum
    rules: Sequence[Threshold]
    transcripts: Mapping[HostName, Sequence[Transcript | Filed]]
    findings: Sequence[Finding] = ()
    recommendations: Sequence[Recommendation] = ()
    checks: Sequence[Check] = ()
    decisions: Sequence[Decision] = ()
    letters: Mapping[Track, str] = field(default_factory=lambda: FIRST_LETTERS)


@dataclass(frozen=True)
class Study:
    """The new papers, to be written in this order, and what stood in the way of more, one sentence each."""

    findings: tuple[Finding, ...] = ()
    checks: tuple[Check, ...] = ()
    recommendation: Recommendation | None = None
    problems: tuple[str, ...] = ()

    @property
    def papers(self) -> tuple[Finding | Check | Recommendation, ...]:
        return (*self.findings, *self.checks, *([self.recommendation] if self.recommendation else []))


@dataclass
class _Desk:
    """What lies open while one study is written."""

    read: StudyPapers
    problems: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


def study(read: StudyPapers) -> Study:
    """Return what is new to say about what was read."""
    desk = _Desk(read)
    known = {finding.transcript: finding for finding in read.findings}
    examined = {
        host: tuple(_examined(desk, host, known))
        for host in sorted(read.transcripts)
        if host != read.author  # nobody studies itself
    }
    checks = tuple(_checks(desk, examined))
    recommendation = _recommendation(desk, examined)
    return Study(tuple(desk.findings), checks, recommendation, tuple(desk.problems))


def _examined(desk: _Desk, host: HostName, known: Mapping[Digest, Finding]) -> Iterator[Examined]:
    measured = {kept.session: kept for kept in desk.read.findings if kept.subject == host}
    earlier: dict[str, deque[Transcript | Filed]] = {}
    in_order = sorted(desk.read.transcripts[host], key=lambda paper: (paper.session.letter, paper.session.number))
    for paper in in_order:
        before = earlier.setdefault(paper.session.letter, deque(maxlen=CONTEXT))
        finding = measured.get(paper.session)
        try:
            if finding is None or isinstance(paper, Transcript):
                finding = _finding(
                    desk, host, _opened(paper), known, [_opened(transcript) for transcript in before], finding
                )
        except ValueError as why:
            desk.problems.append(f"{host} {paper.session} is not examined: {why}")
            continue
        before.append(paper)
        yield Examined(paper, finding)


def _opened(paper: Transcript | Filed) -> Transcript:
    return paper.transcript if isinstance(paper, Filed) else paper


def _finding(
    desk: _Desk,
    host: HostName,
    transcript: Transcript,
    known: Mapping[Digest, Finding],
    before: Sequence[Transcript],
    examined: Finding | None,
) -> Finding:
    """Return the finding about a transcript. Raises ValueError, which says why it is not examined."""
    if why := _unfit(host, transcript, examined.transcript if examined else transcript.seal):
        raise ValueError(why)
    finding = known.get(transcript.seal)
    if finding is None:
        finding = examine(desk.read.author, transcript, desk.read.now, before)
        desk.findings.append(finding)
    return finding


def _unfit(host: HostName, transcript: Transcript, measured: Digest) -> str:
    """Return why a transcript is not examined, or nothing. measured: the seal under which it was examined before."""
    if transcript.head.host != host:
        return f"it says that {transcript.head.host} conducted it"
    if faults := chain_faults(transcript):
        return faults[0]
    if transcript.seal != measured:
        return f"its seal was {measured.short} and is {transcript.seal.short}"
    return "it failed" if transcript.closing.ending == "failed" else ""


def _checks(desk: _Desk, examined: Mapping[HostName, tuple[Examined, ...]]) -> Iterator[Check]:
    read = desk.read
    done = {earlier.recommendation for earlier in read.checks}
    for recommendation in sorted(read.recommendations, key=lambda paper: (paper.created, paper.fingerprint())):
        fingerprint = recommendation.fingerprint()
        if fingerprint not in done:
            decision = _decisions(read, recommendation.to).get(fingerprint)
            try:
                outcome = check(read.author, recommendation, decision, examined.get(recommendation.to, ()), read.now)
            except ValueError as why:
                desk.problems.append(f"what was predicted for {recommendation.first} is not checked: {why}")
                continue
            if outcome is not None:
                yield outcome


def _recommendation(desk: _Desk, examined: Mapping[HostName, tuple[Examined, ...]]) -> Recommendation | None:
    read = desk.read
    for host, sessions in examined.items():
        case = Case(
            to=host,
            examined=sessions,
            sessions=tuple(
                transcript.session
                for transcript in read.transcripts[host]
                if isinstance(transcript, Filed) or transcript.head.host == host
            ),
            recommendations=tuple(read.recommendations),
            decisions=_decisions(read, host),
            letters=read.letters,
        )
        try:
            recommendation = recommend(read.author, case, read.rules, read.curriculum, read.now)
        except (SageError, ValueError) as refused:  # ValueError: a host that claims the last possible session number
            desk.problems.append(f"nothing is recommended to {host}: {refused}")
            continue
        if recommendation is not None:
            return recommendation
    return None


def _decisions(read: StudyPapers, host: HostName) -> dict[Digest, Decision]:
    """Only the addressee decides."""
    return {decision.recommendation: decision for decision in read.decisions if decision.author == host}
