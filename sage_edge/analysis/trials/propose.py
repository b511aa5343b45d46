"""Which declared trial a researcher proposes next to a host: the first of its agenda that may be asked now.

A trial is proposed once to each mind. One that was declined rests as the decline says, or for eight sessions; one that
nobody decided on while it was valid rests as long. While a trial is offered or runs, nothing else is proposed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sage_edge.analysis.findings import Examined
from sage_edge.analysis.trials import checks
from sage_edge.curriculum import Curriculum, check_parameters
from sage_edge.errors import SageError
from sage_edge.inventory.roles import AgendaItem
from sage_edge.names import Digest, HostName, Track
from sage_edge.records.trial import Trial, TrialArm
from sage_edge.sampling import seed_of
from sage_edge.trials import TrialCard, TrialPapers, allocation_digest
from sage_edge.trials.declarations import ArmCard

_TRIALS = 1_000
"""Made trials behind the figures of a proposal; `sage-edge trial simulate` makes ten times as many."""

_REST_SESSIONS = 8


@dataclass(frozen=True)
class TrialCase:
    """What is known of one host. examined: its sessions; last: the highest number used, by kind of session."""

    to: HostName
    examined: Sequence[Examined]
    last: Mapping[Track, int]
    letters: Mapping[Track, str]
    papers: TrialPapers

    def newest(self, track: Track) -> Examined | None:
        """Return the examined session with the highest number of a kind, or None."""
        return max(self.of_track(track), key=lambda paper: paper.session.number, default=None)

    def of_track(self, track: Track) -> list[Examined]:
        """Return the examined sessions of a kind."""
        return [paper for paper in self.examined if paper.session.letter == self.letters.get(track)]

    def is_busy(self, track: Track, now: datetime) -> bool:
        """Whether a trial of a kind is offered to the host, or runs there."""
        offered = any(
            trial.design.track == track and digest not in self.papers.decisions and now <= trial.valid_until
            for digest, trial in self.papers.to(self.to).items()
        )
        return offered or self.papers.running(self.to, track, self.last.get(track, 0)) is not None


def propose(
    author: HostName,
    case: TrialCase,
    agenda: Sequence[AgendaItem],
    cards: Mapping[str, TrialCard],
    curriculum: Curriculum,
    now: datetime,
) -> Trial | None:
    """Return the trial that is proposed to a host now, or None.

    Raises ValueError, in one sentence, for one whose turn it is and that is not to be proposed as it is declared.
    """
    for item in agenda:
        card = cards.get(item.trial)
        if card is None:
            raise ValueError(f"trial {item.trial} is to be proposed and is not declared")
        newest = case.newest(card.track)
        if newest is None or len(case.of_track(card.track)) < item.after or case.is_busy(card.track, now):
            continue
        if not _was_asked(case, card, newest.transcript.head.mind, now):
            return _write(author, case, card, newest, curriculum, now)
    return None


def _was_asked(case: TrialCase, card: TrialCard, mind: str, now: datetime) -> bool:
    return any(
        trial.design.name == card.name and trial.mind == mind and not _has_rested(case, digest, trial, now)
        for digest, trial in case.papers.to(case.to).items()
    )


def _has_rested(case: TrialCase, digest: Digest, trial: Trial, now: datetime) -> bool:
    """Whether it may be proposed again: never, once it was accepted."""
    decision = case.papers.decisions.get(digest)
    if decision is not None and decision.verdict == "accepted":
        return False
    if decision is not None and decision.rest_until is not None:
        return decision.rest_until != "never" and now > decision.rest_until
    since = decision.created if decision else trial.valid_until
    later = sum(1 for paper in case.of_track(trial.design.track) if paper.finding.created > since)
    return later >= _REST_SESSIONS


def _write(
    author: HostName, case: TrialCase, card: TrialCard, newest: Examined, curriculum: Curriculum, now: datetime
) -> Trial:
    from sage_edge.analysis.trials import simulate  # numpy is for who proposes, not for every wake

    head = newest.transcript.head
    wrong = [f"{key}: {message}" for key, message in checks.faults(card, curriculum, tuple(case.letters))]
    simulation = simulate.simulate(card, _TRIALS) if not wrong else None
    wrong += simulate.faults(simulation, card.hoped) if simulation else []
    if wrong or simulation is None:
        raise ValueError(f"trial {card.name} is not proposed to {case.to}: {wrong[0]}")
    design = card.design(tuple(_settled(arm, curriculum, head.mind) for arm in card.arms))
    seed = seed_of(f"{author}/{case.to}/{card.name}/{newest.finding.transcript}")
    return Trial(
        author=author,
        to=case.to,
        mind=head.mind,
        design=design,
        seed=seed,
        allocation=allocation_digest(design, seed),
        odds=simulation.odds(card.hoped),
        created=now,
        valid_until=now + card.valid_for,
    )


def _settled(arm: ArmCard, curriculum: Curriculum, mind: str) -> TrialArm:
    """The arm with every parameter settled; a mind is called by its own name, unless the trial says otherwise."""
    try:
        card = curriculum.intervention(arm.intervention, arm.version)
        own = {"name": mind} if "name" in card.parameters else {}
        parameters = check_parameters(card, {**own, **arm.parameters})
    except SageError as refused:
        raise ValueError(f"arm {arm.name}: {refused.message}") from None
    return TrialArm(
        name=arm.name, intervention=card.name, version=card.version, parameters=parameters, inserts=arm.inserts
    )
