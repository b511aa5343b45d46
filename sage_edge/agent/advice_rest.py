"""Accepted advice that has no effect for now, since a trial of the same kind of session runs: that is always said.

accepted ──► rests while a trial runs ──► takes effect, where its window and validity reach beyond that
                                     └──► is over, where they do not
"""

from __future__ import annotations

from collections.abc import Mapping

from sage_edge.agent.build import Agent
from sage_edge.names import Digest, Track
from sage_edge.records.study import Decision, Recommendation
from sage_edge.sessions import trials
from sage_edge.trials import TrialPapers


def why(papers: TrialPapers, advice: Recommendation, last: int) -> str:
    """Return why accepted advice rests, and what comes of it; empty where no trial stands before it.

    last: the highest number of its kind of session.
    """
    trial = papers.overrides(advice, last)
    ends = papers.last_session(trial) if trial else None
    if trial is None or ends is None:
        return ""
    name = papers.trials[trial].design.name
    after = f"then it takes effect, to {advice.last}"
    if ends.number >= advice.last.number:
        after = f"it takes effect only if that ends before {advice.last}"
    return f"it rests while trial {name} runs, to {ends} at the latest; {after}"


def at(
    agent: Agent, decisions: Mapping[Digest, Decision], advice: Mapping[Digest, Recommendation]
) -> dict[Digest, str]:
    """Return accepted advice → why it rests at this host now; what is over or has expired rests no more."""
    papers, trust = trials.papers(agent.post, agent.me.fleet), agent.watch.look()
    last: dict[Track, int] = {kind.name: agent.runner.last_number(kind) for kind in agent.me.fleet.kinds}
    reasons: dict[Digest, str] = {}
    for digest, paper in advice.items():
        decided, used = decisions.get(digest), last.get(paper.track, 0)
        accepted = decided is not None and decided.verdict == "accepted"
        if accepted and used < paper.last.number and not trust.is_over(paper.valid_until):
            reasons[digest] = why(papers, paper, used)
    return {digest: reason for digest, reason in reasons.items() if reason}
