"""What a researcher writes about transcripts, and what the practitioner answers.

Numbers carry the scorer's id, version and definition digest, n and a 95 % interval;
there is no way to write one without.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, JsonValue, SerializerFunctionWrapHandler, model_serializer, model_validator
from typing_extensions import Self

from sage_edge.names import Digest, HostName, SessionId, Slug, Track
from sage_edge.records.base import Moment, Record


class Measure(Record):
    """A number in [0, 1] about `n` answers, with its 95 % interval. n = 0 has no value.

    hits: how many of the n, for a rate (Wilson's interval); None for a mean (Student's). low, high: None where a
    number speaks of the session as a whole, so that its spread cannot be known from one session.
    """

    scorer: Slug
    version: int = Field(ge=1)
    quantity: Slug = Slug("rate")
    definition: Digest
    n: int = Field(ge=0)
    hits: int | None = Field(ge=0)
    value: float | None = Field(ge=0, le=1)
    low: float | None = Field(ge=0, le=1)
    high: float | None = Field(ge=0, le=1)


class Finding(Record):
    """What one transcript holds, measured."""

    format: Literal[1] = 1
    author: HostName
    subject: HostName
    session: SessionId
    transcript: Digest
    intervention: Slug
    intervention_version: int
    measures: tuple[Measure, ...]
    caveats: tuple[str, ...] = ()
    created: Moment


class Prediction(Record):
    """What must be seen in the first sessions under the intervention, said before them.

    of: the `level` of the number itself, or its `change` against the sessions before: at-least 0.2 is a rise by 0.2 or
    more, at-most -0.1 a fall by 0.1 or more. value: the smallest effect that matters. sessions: how many under the
    intervention decide together. before: how many of the newest sessions without it they are held against. minimum_n:
    answers on each side that is compared.
    """

    scorer: Slug
    version: int
    quantity: Slug = Slug("rate")
    of: Literal["level", "change"] = "level"
    comparison: Literal["at-least", "at-most"]
    value: float = Field(ge=-1, le=1)
    sessions: int = Field(default=1, ge=1)
    before: int = Field(default=1, ge=1)
    minimum_n: int = Field(ge=1)

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.of == "level" and self.value < 0:
            raise ValueError("a level is between 0 and 1; only a change can be negative")
        return self

    @property
    def told(self) -> str:
        """What it says, for people: `at least 0.30`, `a change of at most -0.10 against the 3 sessions before`."""
        how = self.comparison.replace("-", " ")
        if self.of == "level":
            return f"{how} {self.value:.2f}"
        against = "the session" if self.before == 1 else f"the {self.before} sessions"
        return f"a change of {how} {self.value:+.2f} against {against} before"


class Recommendation(Record):
    """One declared intervention for one host and a window of its sessions; the addressee may decline."""

    format: Literal[1] = 1
    author: HostName
    to: HostName
    track: Track
    first: SessionId
    last: SessionId
    intervention: Slug
    intervention_version: int
    parameters: dict[str, JsonValue]
    prediction: Prediction
    rule: Slug
    because: tuple[Measure, ...]
    based_on: tuple[Digest, ...]
    created: Moment
    valid_until: Moment


_LATER_KEYS = {"directive", "rest_until"}


class Decision(Record):
    """The addressee's answer to one recommendation. directive: of the person who decided from another host.

    rest_until: before that, or never, the same is not to be recommended again; None: it rests for eight sessions.
    """

    format: Literal[1] = 1
    author: HostName
    recommendation: Digest
    verdict: Literal["accepted", "declined"]
    reason: str
    decided_by: Literal["policy", "person"]
    created: Moment
    directive: Digest | None = None
    rest_until: Moment | Literal["never"] | None = None

    @model_serializer(mode="wrap")
    def _as_it_was_written(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave out what there is none of: older decisions lack the keys, and keep their bytes."""
        dumped: dict[str, Any] = dump(self)
        return {key: value for key, value in dumped.items() if key not in _LATER_KEYS or value is not None}


class Check(Record):
    """What became of a prediction, computed from the record alone.

    session, transcript: the last one that it took. transcripts: all of them, in order. control: the sessions before,
    without the intervention; controls: which. With several sessions on a side its measure is that of all together.
    rule: what was held against the prediction, the value alone or its interval.
    """

    format: Literal[1] = 1
    author: HostName
    recommendation: Digest
    prediction: Prediction
    session: SessionId
    transcript: Digest
    transcripts: tuple[Digest, ...] = ()
    measure: Measure
    control: Measure | None
    controls: tuple[Digest, ...] = ()
    verdict: Literal["confirmed", "refuted", "cannot-tell"]
    reason: str
    created: Moment
    rule: Literal["value", "interval"] = "value"

    @model_serializer(mode="wrap")
    def _as_it_was_written(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave out the rule where it is the earlier one: older checks lack the key, and keep their bytes."""
        dumped: dict[str, Any] = dump(self)
        if self.rule == "value":
            del dumped["rule"]
        return dumped
