"""What a researcher writes about transcripts, and what the practitioner answers.

Numbers carry the scorer's id, version and definition digest, n and a 95 % interval;
there is no way to write one without.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field, JsonValue

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
    """What must be seen in the first session under the intervention, said before that session."""

    scorer: Slug
    version: int
    quantity: Slug = Slug("rate")
    comparison: Literal["at-least", "at-most"]
    value: float = Field(ge=0, le=1)
    minimum_n: int = Field(ge=1)


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


class Decision(Record):
    """The addressee's answer to one recommendation."""

    format: Literal[1] = 1
    author: HostName
    recommendation: Digest
    verdict: Literal["accepted", "declined"]
    reason: str
    decided_by: Literal["policy", "person"]
    created: Moment


class Check(Record):
    """What became of a prediction, computed from the record alone."""

    format: Literal[1] = 1
    author: HostName
    recommendation: Digest
    prediction: Prediction
    session: SessionId
    transcript: Digest
    measure: Measure
    control: Measure | None
    verdict: Literal["confirmed", "refuted", "cannot-tell"]
    reason: str
    created: Moment
