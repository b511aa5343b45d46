"""Decide on open recommendations by the host's own policy, never by their text. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from sage_edge.clock_trust import ClockTrust
from sage_edge.curriculum import Curriculum
from sage_edge.inventory.host_entry import Policy
from sage_edge.names import Digest, HostName, Track
from sage_edge.records.study import Decision, Recommendation
from sage_edge.sessions.interventions import admissible


def decide(
    me: HostName,
    policy: Policy,
    curriculum: Curriculum,
    open_papers: Mapping[Digest, Recommendation],
    last_number: Mapping[Track, int],
    trust: ClockTrust,
) -> tuple[Decision, ...]:
    """Return a decision for each recommendation that the policy can settle.

    last_number: the highest number that was used of each kind of session.
    While the clock is in doubt nothing is decided: what is open stays open, and valid.
    Under the policy `manual` whatever is admissible stays open for a person; what never could take effect is declined.
    """
    if trust.doubt is not None:
        return ()
    decisions = []
    for digest, paper in open_papers.items():
        verdict = _verdict(paper, policy, curriculum, last_number.get(paper.track), trust)
        if verdict is not None:
            accepted, reason = verdict
            decisions.append(_decision(me, digest, accepted, reason, trust))
    return tuple(decisions)


def _verdict(
    paper: Recommendation, policy: Policy, curriculum: Curriculum, held: int | None, trust: ClockTrust
) -> tuple[bool, str] | None:
    if trust.is_over(paper.valid_until):
        return False, "it came too late: its validity is over"
    if held is None:
        return False, "it is for a kind of session that is not declared here"
    if held >= paper.last.number:
        return False, f"it came too late: session {paper.last} is over"
    if admissible(paper, curriculum) is None:
        return False, "it asks for an intervention, version or parameters that are not declared here"
    if policy.recommendations == "never":
        return False, "the policy of this host is to take no recommendations"
    if paper.intervention not in policy.allowed:
        return False, f"the policy of this host does not allow {paper.intervention}"
    if policy.recommendations == "manual":
        return None
    return True, f"the policy of this host allows {paper.intervention}"


def _decision(me: HostName, digest: Digest, accepted: bool, reason: str, trust: ClockTrust) -> Decision:
    return Decision(
        author=me,
        recommendation=digest,
        verdict="accepted" if accepted else "declined",
        reason=reason,
        decided_by="policy",
        created=trust.at,
    )
