"""Decide on offered trials as a whole, never by their words: by the host's own policy, or for a person. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from sage_edge.agent.decisions import DecisionGround
from sage_edge.names import Digest, SessionId, Track
from sage_edge.records.trial import RestUntil, Trial, TrialDecision
from sage_edge.sessions import trials
from sage_edge.trials import TrialPapers, allocation_digest

MOST_ERROR = 0.065
"""What a thousand made trials may be fooled in: 5 %, and what chance adds to it."""


@dataclass(frozen=True)
class TrialDecisionGround:
    """What a host decides upon. letters: of the declared kinds; under: its kind → last session that advice covers."""

    host: DecisionGround
    papers: TrialPapers
    letters: Mapping[Track, str]
    under: Mapping[Track, int]

    def waiting(self) -> Iterator[tuple[Digest, Trial]]:
        """Yield the trials that this host has not decided on."""
        for digest, trial in self.papers.to(self.host.me).items():
            if digest not in self.papers.decisions:
                yield digest, trial

    def first(self, track: Track) -> SessionId:
        """Return where a trial would begin: behind every session that was, and that accepted advice covers."""
        number = max(self.host.last_number.get(track, 0), self.under.get(track, 0)) + 1
        return SessionId.of(self.letters[track], number)


def decide(ground: TrialDecisionGround) -> tuple[TrialDecision, ...]:
    """Return a decision for each offered trial that the policy can settle; at most one is accepted at a time.

    While the clock is in doubt nothing is decided. Under the policy `manual` whatever could run is left to a person.
    """
    if ground.host.trust.doubt is not None:
        return ()
    decisions: list[TrialDecision] = []
    taken: set[Track] = set()
    for digest, trial in ground.waiting():
        track = trial.design.track
        against = obstacle(ground, trial) or ("another trial was accepted just now" if track in taken else "")
        if against:
            decisions.append(_written(ground, digest, None, against, "policy"))
        elif ground.host.policy.trials == "auto":
            taken.add(track)
            reason = f"the policy of this host allows every arm of {trial.design.name}"
            decisions.append(_written(ground, digest, ground.first(track), reason, "policy"))
    return tuple(decisions)


def obstacle(ground: TrialDecisionGround, trial: Trial) -> str:
    """Return why a trial cannot run here, whoever decides; empty where nothing stands against it."""
    design, policy = trial.design, ground.host.policy
    if ground.host.trust.is_over(trial.valid_until):
        return "it came too late: its validity is over"
    if design.track not in ground.letters:
        return "it is for a kind of session that is not declared here"
    if trial.allocation != allocation_digest(design, trial.seed):
        return "its allocation is not the one that its seed gives"
    if trial.odds.error > MOST_ERROR:
        return f"it would be fooled in {trial.odds.error:.1%} of trials"
    running = ground.papers.running(ground.host.me, design.track, ground.host.last_number.get(design.track, 0))
    if running is not None:
        return f"trial {running.short} runs here with the same kind of session"
    if policy.trials == "never":
        return "the policy of this host is to take no trials"
    for arm in design.arms:
        if trials.given(arm, ground.host.curriculum) is None:
            return f"arm {arm.name} is an intervention, version or parameters that are not declared here"
        if arm.intervention not in policy.allowed:
            return f"the policy of this host does not allow {arm.intervention}, which arm {arm.name} is"
    return ""


def of_person(
    ground: TrialDecisionGround,
    digest: Digest,
    trial: Trial,
    because: str,
    *,
    accepted: bool,
    rest_until: RestUntil = None,
    directive: Digest | None = None,
) -> TrialDecision | str:
    """Return a person's decision on an offered trial, or why it cannot be accepted.

    rest_until, directive: as of TrialDecision.
    """
    if accepted and (against := obstacle(ground, trial)):
        return against
    first = ground.first(trial.design.track) if accepted else None
    return _written(ground, digest, first, because, "person", rest_until, directive)


def _written(
    ground: TrialDecisionGround,
    digest: Digest,
    first: SessionId | None,
    reason: str,
    by: Literal["policy", "person"],
    rest_until: RestUntil = None,
    directive: Digest | None = None,
) -> TrialDecision:
    return TrialDecision(
        author=ground.host.me,
        trial=digest,
        verdict="accepted" if first is not None else "declined",
        first=first,
        reason=reason,
        decided_by=by,
        rest_until=rest_until,
        created=ground.host.trust.at,
        directive=directive,
    )
