"""Trials: what a researcher proposes, what the practitioner answers, and what was seen after each block.

trials/<name>-<digest>.json             Trial           immutable, on its author's branch
trial-decisions/<digest>.json           TrialDecision   immutable, on the addressee's branch; one a trial, for ever
trial-looks/<digest>-<blocks>.json      TrialLook       immutable, on the author's branch; the last one is named `end`

The seed and the digest of the allocation that follows from it stand in the proposal, so before the first session.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, JsonValue, SerializerFunctionWrapHandler, model_serializer, model_validator
from typing_extensions import Self

from sage_edge.names import Digest, HostName, SessionId, Slug, Track
from sage_edge.records.base import Moment, Record

MOST_SESSIONS = 1_000
"""Sessions that one trial may take: at four a day, the better part of a year."""

EffectDirection = Literal["higher", "lower"]
RestUntil = Moment | Literal["never"] | None
"""Until when what was declined is not offered again; None: for eight sessions."""

_Share = Annotated[float, Field(ge=0, le=1)]
_Difference = Annotated[float, Field(ge=-1, le=1)]


class TrialArm(Record):
    """What some sessions of a trial run under. inserts: it puts words into prompts that the outcome counts."""

    name: Slug
    intervention: Slug
    version: int = Field(ge=1)
    parameters: dict[str, JsonValue]
    inserts: bool = False


class TrialOutcome(Record):
    """A quantity in [0, 1] of each session, the side that is hoped for or feared, and the smallest effect that matters.

    direction: in which way an arm is to differ from the control.
    """

    scorer: Slug
    version: int = Field(ge=1)
    quantity: Slug
    direction: EffectDirection
    smallest: float = Field(gt=0, lt=1)

    def oriented(self, arm: float, control: float) -> float:
        """Return how far an arm lies from the control, above 0 in the direction that is asked about."""
        return arm - control if self.direction == "higher" else control - arm


class TrialDesign(Record):
    """What is settled before a trial begins. The first arm is the control.

    wash_out: sessions of an arm that pass before one of it is counted. sessions: the most that it may take.
    """

    name: Slug
    question: str = Field(min_length=1, max_length=300)
    track: Track
    arms: tuple[TrialArm, ...] = Field(min_length=2, max_length=8)
    wash_out: int = Field(ge=0, le=4)
    outcome: TrialOutcome
    decoupled: TrialOutcome | None = None
    harm: TrialOutcome
    sessions: int = Field(ge=2, le=MOST_SESSIONS)

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if len({arm.name for arm in self.arms}) < len(self.arms):
            raise ValueError("two arms have one name")
        if self.blocks < 1:
            raise ValueError(f"one block takes {self.block_sessions} sessions, the trial has {self.sessions}")
        return self

    @property
    def control(self) -> TrialArm:
        """The arm that the others are held against."""
        return self.arms[0]

    @property
    def block_sessions(self) -> int:
        """How many sessions one block takes: each arm once, after its wash-out."""
        return len(self.arms) * (self.wash_out + 1)

    @property
    def blocks(self) -> int:
        """How many whole blocks there can be."""
        return self.sessions // self.block_sessions

    def arm(self, name: str) -> TrialArm:
        """Return the arm of a name. Raises KeyError."""
        return next(arm for arm in self.arms if arm.name == name)


class TrialOdds(Record):
    """What was reckoned before anybody was asked. error: the share of trials without an effect that support one.

    effect: that for which power, the share of trials that support it, and sessions, their mean number, were reckoned.
    error is the largest over all nulls, and worst names that one.
    """

    trials: int = Field(ge=1)
    error: _Share
    worst: Slug
    effect: _Share
    power: _Share
    sessions: float = Field(ge=0)


class Trial(Record):
    """A trial that is offered to one host as a whole: design, seed, and the digest of the allocation that follows."""

    format: Literal[1] = 1
    author: HostName
    to: HostName
    mind: str = Field(min_length=1, max_length=64)
    design: TrialDesign
    seed: int = Field(ge=0, lt=2**32)
    allocation: Digest
    odds: TrialOdds
    created: Moment
    valid_until: Moment


class TrialDecision(Record):
    """The addressee's answer. first: the first session of an accepted trial. rest_until: of a declined one.

    directive: of the person who decided from another host.
    """

    format: Literal[1] = 1
    author: HostName
    trial: Digest
    verdict: Literal["accepted", "declined"]
    first: SessionId | None
    reason: str
    decided_by: Literal["policy", "person"]
    rest_until: RestUntil = None
    created: Moment
    directive: Digest | None = None

    @model_serializer(mode="wrap")
    def _as_it_was_written(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave out a directive that there is none of: older decisions lack the key, and keep their bytes."""
        dumped: dict[str, Any] = dump(self)
        return {key: value for key, value in dumped.items() if key != "directive" or value is not None}

    @model_validator(mode="after")
    def _begins_somewhere(self) -> Self:
        if (self.first is not None) != (self.verdict == "accepted"):
            raise ValueError("a trial has a first session exactly when it is accepted")
        return self


class TrialContrast(Record):
    """An arm against the control: the mean difference over n blocks and the interval that holds at every look.

    Above 0 in the direction that the outcome asks about.
    """

    arm: Slug
    mean: _Difference | None
    low: _Difference
    high: _Difference
    n: int = Field(ge=0)
    verdict: Literal["supported", "not-supported", "cannot-tell"]


class TrialLook(Record):
    """What is known after some whole blocks, computed from the record alone.

    state: `running`, or why it ended: every arm can be told, one does harm, or it has had its sessions.
    used: seals of the sessions that count. left_out: what does not count, and why. deviations: what was not as
    allocated, and is analysed as allocated.
    """

    format: Literal[1] = 1
    author: HostName
    trial: Digest
    blocks: int = Field(ge=0)
    state: Literal["running", "told", "harm", "exhausted"]
    contrasts: tuple[TrialContrast, ...]
    decoupled: tuple[TrialContrast, ...] = ()
    harm: tuple[TrialContrast, ...]
    used: tuple[Digest, ...]
    left_out: tuple[str, ...] = ()
    deviations: tuple[str, ...] = ()
    created: Moment

    @property
    def order(self) -> tuple[int, bool]:
        """Where it stands among the looks at its trial."""
        return self.blocks, self.state != "running"


class TrialPlace(Record):
    """Which part of a trial a session is. block, place: from 0; counted: whether it is past the arm's wash-out."""

    trial: Digest
    arm: Slug
    block: int = Field(ge=0)
    place: int = Field(ge=0)
    counted: bool
