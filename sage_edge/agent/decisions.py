"""Decide on open recommendations, never by their text: by the host's own policy, or for a person. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sage_edge.clock_trust import ClockTrust
from sage_edge.curriculum import Curriculum
from sage_edge.inventory.host_entry import Policy
from sage_edge.names import Digest, HostName, Track
from sage_edge.records.study import Decision, Recommendation
from sage_edge.records.trial import RestUntil
from sage_edge.sessions.interventions import admissible


@dataclass(frozen=True)
class DecisionGround:
    """What a host decides upon: its policy and declarations, and how far its sessions are.

    last_number: the highest number that was used of each kind of session.
    """

    me: HostName
    policy: Policy
    curriculum: Curriculum
    last_number: Mapping[Track, int]
    trust: ClockTrust


def decide(ground: DecisionGround, open_papers: Mapping[Digest, Recommendation]) -> tuple[Decision, ...]:
    """Return a decision for each recommendation that the policy can settle.

    While the clock is in doubt nothing is decided: what is open stays open, and valid.
    Under the policy `manual` whatever is admissible stays open for a person; what never could take effect is declined.
    """
    if ground.trust.doubt is not None:
        return ()
    decisions = []
    for digest, paper in open_papers.items():
        if against := obstacle(ground, paper):
            decisions.append(_by_policy(ground, digest, accepted=False, reason=against))
        elif ground.policy.recommendations != "manual":
            reason = f"the policy of this host allows {paper.intervention}"
            decisions.append(_by_policy(ground, digest, accepted=True, reason=reason))
    return tuple(decisions)


def obstacle(ground: DecisionGround, paper: Recommendation) -> str:
    """Return why a recommendation cannot take effect here, whoever decides; empty where nothing stands against it."""
    held = ground.last_number.get(paper.track)
    if ground.trust.is_over(paper.valid_until):
        return "it came too late: its validity is over"
    if held is None:
        return "it is for a kind of session that is not declared here"
    if held >= paper.last.number:
        return f"it came too late: session {paper.last} is over"
    if admissible(paper, ground.curriculum) is None:
        return "it asks for an intervention, version or parameters that are not declared here"
    if ground.policy.recommendations == "never":
        return "the policy of this host is to take no recommendations"
    if paper.intervention not in ground.policy.allowed:
        return f"the policy of this host does not allow {paper.intervention}"
    return ""


def of_person(
    ground: DecisionGround,
    digest: Digest,
    paper: Recommendation,
    because: str,
    *,
    accepted: bool,
    directive: Digest | None = None,
    rest_until: RestUntil = None,
) -> Decision | str:
    """Return a person's decision on an open recommendation, or why it cannot be accepted.

    directive, rest_until: as of Decision.
    """
    if accepted and (against := obstacle(ground, paper)):
        return against
    return Decision(
        author=ground.me,
        recommendation=digest,
        verdict="accepted" if accepted else "declined",
        reason=because,
        decided_by="person",
        created=ground.trust.at,
        directive=directive,
        rest_until=rest_until,
    )


def _by_policy(ground: DecisionGround, digest: Digest, *, accepted: bool, reason: str) -> Decision:
    return Decision(
        author=ground.me,
        recommendation=digest,
        verdict="accepted" if accepted else "declined",
        reason=reason,
        decided_by="policy",
        created=ground.trust.at,
    )
