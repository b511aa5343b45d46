"""fleet/trials/NAME.yaml: a trial as a person declares it, before any host is asked.

    format: 1
    name, question, track
    arms: [{name, intervention, version, parameters, inserts}]     the first one is the control
    wash_out: 0                    sessions of an arm that pass before one of it is counted
    outcome:                       {scorer, version, quantity, direction, smallest}
    decoupled:                     another outcome, which no arm puts words into; for arms that insert
    harm:                          what stops the trial when an arm does it by more than `smallest`
    sessions: 56                   the most that it may take, of one kind
    hoped: {effect: 0.4, power: 0.8, rate: 0.1, answers: 7, alike: 0.2}
    valid_for: 7d                  how long the offer stands

`hoped` is what the number of sessions was reckoned with: the effect, the share of trials that are to support it, the
control's rate, answers a session, and how alike the answers of one session are (their correlation).
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, JsonValue

from sage_edge.declared import Declared
from sage_edge.inventory.cadence import PositiveDuration
from sage_edge.names import Slug, Track
from sage_edge.records.trial import MOST_SESSIONS, EffectDirection, TrialArm, TrialDesign, TrialOutcome

_Count = Annotated[int, Field(ge=1)]
_Share = Annotated[float, Field(ge=0, le=1)]


class ArmCard(Declared):
    """One arm: a declared intervention with parameters; what is not given is the intervention's own default."""

    name: Slug
    intervention: Slug
    version: _Count
    parameters: dict[str, JsonValue] = Field(default_factory=dict)
    inserts: bool = False


class OutcomeCard(Declared):
    """A scorer's quantity, the direction that is asked about, and the smallest effect that matters."""

    scorer: Slug
    version: _Count
    quantity: Slug = Slug("rate")
    direction: EffectDirection
    smallest: Annotated[float, Field(gt=0, lt=1)]

    def record(self) -> TrialOutcome:
        """Return it as a trial holds it."""
        return TrialOutcome.model_validate(self.model_dump())


class HopedEffect(Declared):
    """What the number of sessions was reckoned with; the file's head says what each key means."""

    effect: _Share
    power: _Share
    rate: _Share
    answers: _Count
    alike: _Share


class TrialCard(Declared):
    """The whole file."""

    format: Literal[1]
    name: Slug
    question: Annotated[str, Field(min_length=1, max_length=300)]
    track: Track
    arms: Annotated[tuple[ArmCard, ...], Field(min_length=2, max_length=8)]
    wash_out: Annotated[int, Field(ge=0, le=4)] = 0
    outcome: OutcomeCard
    decoupled: OutcomeCard | None = None
    harm: OutcomeCard
    sessions: Annotated[int, Field(ge=2, le=MOST_SESSIONS)]
    hoped: HopedEffect
    valid_for: PositiveDuration

    def design(self, arms: tuple[TrialArm, ...] | None = None) -> TrialDesign:
        """Return what a proposal holds. arms: with every parameter settled; None: as they are declared.

        Raises ValueError where the parts do not hold together.
        """
        declared = tuple(TrialArm.model_validate(arm.model_dump()) for arm in self.arms)
        return TrialDesign(
            name=self.name,
            question=self.question,
            track=self.track,
            arms=declared if arms is None else arms,
            wash_out=self.wash_out,
            outcome=self.outcome.record(),
            decoupled=self.decoupled.record() if self.decoupled else None,
            harm=self.harm.record(),
            sessions=self.sessions,
        )
