"""What is known of trials from their papers: which are offered, which run, and where a session stands.

A trial runs from the first session that its decision names to the last of its allocation, or to the look of its author
that ended it. It takes the due slots of its kind, and adds none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sage_edge.names import Digest, HostName, SessionId, Track
from sage_edge.records.study import Recommendation
from sage_edge.records.trial import Trial, TrialDecision, TrialLook, TrialPlace
from sage_edge.trials.allocation import place_of


@dataclass(frozen=True)
class TrialPapers:
    """Verified papers about trials. decisions: of each trial's addressee. looks: of its author, in order.

    Of the looks the newest is enough for all but who wants to read them.
    """

    trials: Mapping[Digest, Trial] = field(default_factory=dict)
    decisions: Mapping[Digest, TrialDecision] = field(default_factory=dict)
    looks: Mapping[Digest, tuple[TrialLook, ...]] = field(default_factory=dict)

    def last_look(self, trial: Digest) -> TrialLook | None:
        """Return the newest look at a trial, or None."""
        return self.looks.get(trial, (None,))[-1]

    def is_over(self, trial: Digest, last: int) -> bool:
        """Whether an accepted trial has ended: by a look, or since its kind is at the number `last` or beyond it."""
        newest, ends = self.last_look(trial), self.last_session(trial)
        return (newest is not None and newest.state != "running") or (ends is not None and last >= ends.number)

    def last_session(self, trial: Digest) -> SessionId | None:
        """Return the last session of a trial's allocation; None where it was not accepted."""
        design, decision = self.trials[trial].design, self.decisions.get(trial)
        first = decision.first if decision else None
        return SessionId.of(first.letter, first.number + design.blocks * design.block_sessions - 1) if first else None

    def to(self, host: HostName) -> Mapping[Digest, Trial]:
        """Return the trials that are offered to a host, or were."""
        return {digest: trial for digest, trial in self.trials.items() if trial.to == host}

    def place(self, host: HostName, session: SessionId) -> tuple[Trial, TrialPlace] | None:
        """Return the running trial of which a session is part, and its place there; the earliest accepted one."""
        for digest, trial in self.to(host).items():
            decision = self.decisions.get(digest)
            first = decision.first if decision else None
            if first is None or first.letter != session.letter or self.is_over(digest, session.number - 1):
                continue
            place = place_of(trial, session.number - first.number)
            if place is not None:
                return trial, place
        return None

    def running(self, host: HostName, track: Track, last: int) -> Digest | None:
        """Return the trial that a host accepted for a kind and that is not over; last: the kind's highest number."""
        return next(
            (
                digest
                for digest, trial in self.to(host).items()
                if trial.design.track == track and self._is_accepted(digest) and not self.is_over(digest, last)
            ),
            None,
        )

    def overrides(self, paper: Recommendation, last: int) -> Digest | None:
        """Return the running trial that takes the sessions of accepted advice; last: the highest number of its kind."""
        digest = self.running(paper.to, paper.track, last)
        first = self.decisions[digest].first if digest else None
        return digest if first and first.number <= paper.last.number else None

    def _is_accepted(self, trial: Digest) -> bool:
        decision = self.decisions.get(trial)
        return decision is not None and decision.verdict == "accepted"
