"""The transcript of one session: immutable, hash-chained, complete enough to ask everything again.

    head      format 1: who, which release, image, model, engine, sampling, seed, lesson, slot; `previous` is absent
    turns[0]  previous = digest(head)
    turns[i]  previous = digest(turns[i-1])
    closing   previous = digest(last turn, or head); how it ended

    seal      digest(closing); every paper that speaks of this transcript names it by its seal

A digest is taken over a part's canonical bytes (records.base). Changing any value breaks a link; whoever also mends
all links gets another seal, which then differs from the findings and from the commit in git.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, JsonValue, SerializerFunctionWrapHandler, model_serializer, model_validator
from typing_extensions import Self

from sage_edge import files
from sage_edge.clock import TimeSource
from sage_edge.names import FIRST_KINDS, Digest, HostName, ModelRef, RoleName, SessionId, Slug, Track
from sage_edge.records.base import Moment, Record, canonical
from sage_edge.records.expectation import Expectation
from sage_edge.records.trial import TrialPlace
from sage_edge.sampling import Sampling

FinishReason = Literal["stop", "length", "deadline", "cancelled", "turn-marker"]
Outcome = Literal["ok", "failed", "interrupted"]
Ending = Literal["complete", "partial", "failed"]
StepKind = Literal["prompt", "closing", "warm-up", "exercise", "scene", "cool-down"]


class ModelId(Record):
    """Which weights answered."""

    ref: ModelRef
    digest: Digest


class EngineId(Record):
    """What computed the answers."""

    name: Slug
    version: str
    settings: dict[str, JsonValue]


class Intervention(Record):
    """The declared intervention that was in force, and the recommendation that asked for it, if any."""

    name: Slug
    version: int
    parameters: dict[str, JsonValue]
    recommendation: Digest | None = None


def _without_none(content: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {key: value for key, value in content.items() if key not in keys or value is not None}


class Step(Record):
    """One thing that the teacher asks. `fresh`: the talk goes back to the end of the warm-up before it.

    reminder: what the teacher says right before it, and asks nothing by; absent where there is none.
    """

    kind: StepKind
    prompt: str = Field(min_length=1)
    exercise: Slug | None = None
    expect: Expectation | None = None
    fresh: bool = False
    reminder: str | None = Field(default=None, min_length=1)

    @property
    def spoken(self) -> str:
        """All that the teacher says, as the engine is told it."""
        return f"{self.reminder}\n{self.prompt}" if self.reminder else self.prompt

    @model_serializer(mode="wrap")
    def _as_it_was_sealed(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave out a reminder that was not given, as in a head."""
        return _without_none(dump(self), "reminder")


class Lesson(Record):
    """What was taught: the declared unit, the system message as sent, and every step in order."""

    curriculum: Digest
    unit: str
    system: str = Field(min_length=1)
    steps: tuple[Step, ...] = Field(min_length=1)


class Slot(Record):
    """Which due moment this session serves, and whether it was missed at first."""

    due: Moment
    late: bool


class Head(Record):
    """Everything that was settled before the first word.

    image: the id of the container's image; absent where there was no container, or none that anybody named.
    kind: the kind of session; absent for primary and training, whose letters say it.
    trial: which part of a trial it is; absent outside of one.
    """

    format: Literal[1] = 1
    session: SessionId
    kind: Track | None = None
    host: HostName
    role: RoleName
    mind: str
    board: Slug
    release: str
    image: Digest | None = None
    model: ModelId
    engine: EngineId
    sampling: Sampling
    seed: int = Field(ge=0, lt=2**32)
    intervention: Intervention
    lesson: Lesson
    slot: Slot | None
    started: Moment
    time_source: TimeSource
    trial: TrialPlace | None = None

    @model_serializer(mode="wrap")
    def _as_it_was_sealed(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:  # JsonValue would walk it again
        """Leave out what nobody named: older transcripts lack these keys, and their seals are to hold."""
        return _without_none(dump(self), "image", "kind", "trial")

    @model_validator(mode="after")
    def _of_one_kind(self) -> Self:
        if (self.kind is None) != (self.session.letter in FIRST_KINDS):
            raise ValueError(f"{self.session} names {'no' if self.kind is None else 'a'} kind")
        return self


class Turn(Record):
    """One question and what came of it. `reply` of a turn that is not `ok` is never a word of the mind.

    step counts from 0 in the lesson, attempt from 1. Times in seconds; mean_logprob is the natural logarithm.
    thinking: what the mind thought before it answered; no answer, and never told it again. dropped_tokens: how many of
    those drawn hold bytes that make no whole character, which `reply` leaves out. Both are absent where there are none.
    """

    step: int = Field(ge=0)
    attempt: int = Field(ge=1)
    outcome: Outcome
    reply: str
    finish_reason: FinishReason | None
    error: str | None = None
    prompt_tokens: int = Field(ge=0)
    reused_tokens: int = Field(ge=0)
    completion_tokens: int = Field(ge=0)
    ttft_s: float | None = Field(default=None, ge=0)
    duration_s: float = Field(ge=0)
    mean_logprob: float | None = None
    seed: int = Field(ge=0, lt=2**32)
    asked: Moment
    previous: Digest
    thinking: str | None = None
    dropped_tokens: int | None = Field(default=None, ge=1)

    @model_serializer(mode="wrap")
    def _as_it_was_sealed(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave out what there is none of, as in a head."""
        return _without_none(dump(self), "thinking", "dropped_tokens")


class Closing(Record):
    """How the session ended. `resumed` counts how often it had to be picked up again."""

    ending: Ending
    ended: Moment
    resumed: int = Field(ge=0)
    turns: int = Field(ge=0)
    previous: Digest


class Transcript(Record):
    """A whole session."""

    head: Head
    turns: tuple[Turn, ...]
    closing: Closing
    seal: Digest

    @property
    def session(self) -> SessionId:
        return self.head.session

    @property
    def track(self) -> Track:
        """The kind of the session."""
        return self.head.kind or FIRST_KINDS[self.head.session.letter]

    def answers(self) -> tuple[tuple[Step, Turn], ...]:
        """Each step with the turn that answered it; failed and interrupted turns are not answers."""
        return tuple((self.head.lesson.steps[turn.step], turn) for turn in self.turns if turn.outcome == "ok")


def chain_faults(transcript: Transcript) -> tuple[str, ...]:
    """Return what is wrong with the links of a transcript, in order; empty means that it is whole."""
    faults: list[str] = []
    dumped = transcript.model_dump(mode="json")  # all parts at once: checking is most of what reading costs
    link = files.digest(canonical(dumped["head"]))
    for number, turn in enumerate(transcript.turns, start=1):
        if turn.previous != link:
            faults.append(f"turn {number} does not follow what stands before it")
        if turn.step >= len(transcript.head.lesson.steps):
            faults.append(f"turn {number} answers step {turn.step}, which the lesson does not have")
        link = files.digest(canonical(dumped["turns"][number - 1]))
    if transcript.closing.previous != link:
        faults.append("the closing does not follow the last turn")
    if transcript.closing.turns != len(transcript.turns):
        faults.append(f"the closing counts {transcript.closing.turns} turns, there are {len(transcript.turns)}")
    if transcript.seal != files.digest(canonical(dumped["closing"])):
        faults.append("the seal is not that of the closing")
    return tuple(faults)
