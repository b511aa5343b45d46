"""A researcher's work on the papers it has read, as a pure function: findings, checks, looks, one proposal.

    1. a finding for each whole transcript that has none
    2. a check for each recommendation of ours whose window holds a session under its intervention
    3. a look at each trial of ours that has a new whole block, and a trial to each host whose turn it is: that of a
       rule which is retired for its mind, else the next on the agenda
    4. a score for each outlook of ours whose sessions have been, and an outlook of each outcome that has none
    5. at most one recommendation, over all hosts: exploratory, and none where a trial of that kind is offered or runs

Deterministic, and idempotent: called again with what it returned, it returns no paper.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias, TypeVar

from sage_edge.analysis.findings import CONTEXT, Examined, Filed, examine
from sage_edge.analysis.outlooks import OutlookCase, OutlookPapers, new_outlooks, new_scores
from sage_edge.analysis.prediction_check import check
from sage_edge.analysis.recommend import Case, Threshold, recommend
from sage_edge.analysis.trials import work
from sage_edge.analysis.trials.propose import TrialCase
from sage_edge.analysis.trials.work import TrialWork
from sage_edge.curriculum import Curriculum
from sage_edge.errors import SageError
from sage_edge.names import FIRST_LETTERS, Digest, HostName, SessionId, Track
from sage_edge.records.outlook import Outlook, OutlookScore
from sage_edge.records.study import Check, Decision, Finding, Recommendation
from sage_edge.records.theory import Theory
from sage_edge.records.transcript import Transcript, chain_faults
from sage_edge.records.trial import Trial, TrialLook

P = TypeVar("P", Outlook, OutlookScore)


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
    trials: TrialWork = field(default_factory=TrialWork)
    outlooks: OutlookPapers = field(default_factory=OutlookPapers)


StudyPaper: TypeAlias = Finding | Check | TrialLook | Trial | OutlookScore | Outlook | Recommendation | Theory


@dataclass(frozen=True)
class Study:
    """The new papers, to be written in this order, and what stood in the way of more, one sentence each."""

    findings: tuple[Finding, ...] = ()
    checks: tuple[Check, ...] = ()
    looks: tuple[TrialLook, ...] = ()
    trials: tuple[Trial, ...] = ()
    outlook_scores: tuple[OutlookScore, ...] = ()
    outlooks: tuple[Outlook, ...] = ()
    recommendation: Recommendation | None = None
    problems: tuple[str, ...] = ()
    theories: tuple[Theory, ...] = ()

    @property
    def papers(self) -> tuple[StudyPaper, ...]:
        last = (self.recommendation,) if self.recommendation else ()
        return (
            *self.findings,
            *self.checks,
            *self.looks,
            *self.trials,
            *self.outlook_scores,
            *self.outlooks,
            *last,
            *self.theories,
        )


@dataclass
class _Desk:
    """What lies open while one study is written."""

    read: StudyPapers
    problems: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)


def study(read: StudyPapers) -> Study:
    """Return what is new to say about what was read."""
    desk = _Desk(read)
    known = {finding.transcript: finding for finding in read.findings}
    examined = {
        host: tuple(_examined(desk, host, known))
        for host in sorted(read.transcripts)
        if host != read.author  # nobody studies itself
    }
    desk.checks += _checks(desk, examined)
    cases = [_trial_case(read, host, sessions) for host, sessions in examined.items()]
    looks = tuple(look for case in cases for look in work.looks(read.author, case, read.now, desk.problems))
    hosts = {host: _host_case(desk, host, sessions) for host, sessions in examined.items()}
    trials = tuple(_proposals(desk, cases, hosts))
    ahead = [OutlookCase(case.to, case.examined, case.last, case.letters) for case in cases]
    scores, expected = tuple(_outlooks(desk, ahead, new_scores)), tuple(_outlooks(desk, ahead, new_outlooks))
    taken = {(case.to, track) for case in cases for track in read.letters if case.is_busy(track, read.now)}
    recommendation = _recommendation(desk, hosts, taken | {(trial.to, trial.design.track) for trial in trials})
    return Study(
        findings=tuple(desk.findings),
        checks=tuple(desk.checks),
        looks=looks,
        trials=trials,
        outlook_scores=scores,
        outlooks=expected,
        recommendation=recommendation,
        problems=tuple(desk.problems),
    )


def _outlooks(
    desk: _Desk,
    cases: Sequence[OutlookCase],
    new: Callable[[HostName, OutlookCase, OutlookPapers, datetime], Iterator[P]],
) -> Iterator[P]:
    for case in cases:
        try:
            yield from new(desk.read.author, case, desk.read.outlooks, desk.read.now)
        except ValueError as why:  # a transcript that cannot be read, or no session number is left
            desk.problems.append(f"nothing is said of the next sessions of {case.to}: {why}")


def _trial_case(read: StudyPapers, host: HostName, sessions: Sequence[Examined]) -> TrialCase:
    used = _used(read, host)
    last = {
        track: max((session.number for session in used if session.letter == letter), default=0)
        for track, letter in read.letters.items()
    }
    return TrialCase(host, sessions, last, read.letters, read.trials.papers)


def _host_case(desk: _Desk, host: HostName, sessions: tuple[Examined, ...]) -> Case:
    read = desk.read
    return Case(
        to=host,
        examined=sessions,
        sessions=_used(read, host),
        recommendations=tuple(read.recommendations),
        decisions=_decisions(read, host),
        checks=_outcomes(read, desk.checks),
        letters=read.letters,
    )


def _proposals(desk: _Desk, cases: Sequence[TrialCase], hosts: Mapping[HostName, Case]) -> Iterator[Trial]:
    read = desk.read
    for case in cases:
        agendas = (work.in_place_of_rules(hosts[case.to], read.rules), read.trials.agenda)
        trial = work.proposal(read.author, case, agendas, read.trials.cards, read.curriculum, read.now, desk.problems)
        if trial is not None:
            yield trial


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


def _recommendation(
    desk: _Desk, hosts: Mapping[HostName, Case], taken: Collection[tuple[HostName, Track]]
) -> Recommendation | None:
    """taken: hosts and kinds of sessions for which a trial is offered or runs."""
    read = desk.read
    for host, case in hosts.items():
        try:
            free = [rule for rule in read.rules if (host, rule.track) not in taken]
            recommendation = recommend(read.author, case, free, read.curriculum, read.now)
        except (SageError, ValueError) as refused:  # ValueError: a host that claims the last possible session number
            desk.problems.append(f"nothing is recommended to {host}: {refused}")
            continue
        if recommendation is not None:
            return recommendation
    return None


def _outcomes(read: StudyPapers, new: Sequence[Check]) -> dict[Digest, Check]:
    return {check.recommendation: check for check in (*read.checks, *new)}


def _used(read: StudyPapers, host: HostName) -> tuple[SessionId, ...]:
    """Every session of a host that is there, examined or not."""
    papers = read.transcripts[host]
    return tuple(paper.session for paper in papers if isinstance(paper, Filed) or paper.head.host == host)


def _decisions(read: StudyPapers, host: HostName) -> dict[Digest, Decision]:
    """Only the addressee decides."""
    return {decision.recommendation: decision for decision in read.decisions if decision.author == host}
