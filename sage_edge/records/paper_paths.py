"""Where each paper lies on a host's branch, and which ability writes there."""

from __future__ import annotations

from datetime import datetime

from sage_edge.names import FIRST_KINDS, Digest, SessionId, Track
from sage_edge.records.base import Record
from sage_edge.records.directive import Directive, DirectiveAnswer
from sage_edge.records.outlook import Outlook, OutlookScore
from sage_edge.records.study import Check, Decision, Finding, Recommendation
from sage_edge.records.theory import Theory
from sage_edge.records.transcript import Transcript
from sage_edge.records.trial import Trial, TrialDecision, TrialLook
from sage_edge.records.worklog import BranchTrust

WRITERS = {
    "sessions": "conduct",
    "findings": "analyse",
    "checks": "analyse",
    "recommendations": "recommend",
    "decisions": "decide",
    "directives": "direct",
    "trials": "recommend",
    "trial-decisions": "decide",
    "trial-looks": "analyse",
    "theories": "analyse",
    "outlooks": "analyse",
    "outlook-scores": "analyse",
}
"""Top folder → the ability without which a host may not write below it; its papers are immutable."""

STATUS = "status.json"
"""It is replaced at every wake; every host has one."""

WORKLOG = "worklog"
"""The folder of append-only month files; every host has one."""

TRUSTS = "trusts"
"""What a person at a host says of others' branches; every host may have it."""

_ANSWERS = "decisions/directive-"


def of_session(session: SessionId, track: Track | None = None) -> str:
    """Return `sessions/primary/000/P021.json`: sharded by hundreds.

    track: the kind of the session; None: one of the first two, whose letters say it. Raises KeyError for another.
    """
    return f"sessions/{track or FIRST_KINDS[session.letter]}/{session.number // 100:03d}/{session}.json"


def of_decision(recommendation: Digest) -> str:
    """One decision per recommendation, for ever: the name is the question's digest."""
    return f"decisions/{recommendation.short}.json"


def is_answer(path: str) -> bool:
    """Whether a path below `decisions` is that of the answer to a directive, not of a decision."""
    return path.startswith(_ANSWERS)


def of_worklog(at: datetime) -> str:
    """The month's file."""
    return f"{WORKLOG}/{at:%Y-%m}.jsonl"


def of(paper: Record) -> str:
    """Return the path of an immutable paper on its author's branch. Raises TypeError for anything else."""
    if isinstance(paper, Transcript):
        return of_session(paper.session, paper.track)
    if isinstance(paper, Finding):
        return f"findings/{paper.session}-{paper.transcript.short}.json"
    if isinstance(paper, Check):
        return f"checks/{paper.session}-{paper.recommendation.short}.json"
    if isinstance(paper, Recommendation):
        return f"recommendations/{paper.first}-{paper.fingerprint().short}.json"
    if isinstance(paper, Decision):
        return of_decision(paper.recommendation)
    if isinstance(paper, Directive):
        return f"directives/{paper.fingerprint().short}.json"
    if isinstance(paper, DirectiveAnswer):
        return f"{_ANSWERS}{paper.directive.short}.json"
    if isinstance(paper, Trial):
        return f"trials/{paper.design.name}-{paper.fingerprint().short}.json"
    if isinstance(paper, TrialDecision):
        return f"trial-decisions/{paper.trial.short}.json"
    if isinstance(paper, TrialLook):
        after = f"{paper.blocks:03d}" if paper.state == "running" else "end"
        return f"trial-looks/{paper.trial.short}-{after}.json"
    if isinstance(paper, Theory):
        return f"theories/{paper.name}-{paper.version:03d}.json"
    if isinstance(paper, Outlook):
        return f"outlooks/{paper.first}-{paper.fingerprint().short}.json"
    if isinstance(paper, OutlookScore):
        return f"outlook-scores/{paper.outlook.short}.json"
    if isinstance(paper, BranchTrust):
        return f"{TRUSTS}/{paper.host}/{paper.commit[:12]}.json"
    raise TypeError(f"{type(paper).__name__} has no place of its own")
