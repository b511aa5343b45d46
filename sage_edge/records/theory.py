"""Theories: what a researcher holds to be so, what it follows from that, and what speaks for and against it.

theories/<name>-<version>.json     Theory     immutable, on its author's branch; versions count from 1

A paper is never rewritten: a new version names the one that it replaces, and the newest one of a name stands.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator
from typing_extensions import Self

from sage_edge.names import Digest, HostName, Slug
from sage_edge.records.base import Moment, Record

TheoryStatus = Literal["open", "supported", "not-supported", "contested", "replaced"]
"""contested: there is evidence on both sides. replaced: another theory has taken its place."""

TestVerdict = Literal["supported", "not-supported", "cannot-tell"]
PredictedBy = Literal["claim", "trial"]
Speaks = Literal["for", "against", "neither"]


class TheoryPrediction(Record):
    """What a theory says of a declared claim, or of an arm of a declared trial. how: why that follows from it."""

    by: PredictedBy
    name: Slug
    arm: Slug | None = None
    expects: Literal["supported", "not-supported"]
    how: str = Field(min_length=1, max_length=400)

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.arm is not None) != (self.by == "trial"):
            raise ValueError("an arm is named exactly where a trial is")
        return self


class TheoryEvidence(Record):
    """What came of a prediction at one mind. paper: of a trial its last look, of a claim its finding, by digest."""

    by: PredictedBy
    name: Slug
    arm: Slug | None = None
    host: HostName
    mind: str = Field(min_length=1, max_length=64)
    verdict: TestVerdict
    speaks: Speaks
    paper: Digest

    @property
    def about(self) -> tuple[str, ...]:
        """What it is evidence about: newer evidence about the same takes its place."""
        return self.by, self.name, self.arm or "", self.host, self.mind


class Theory(Record):
    """One version of a theory. replaces: the version before; replaced_by: the theory that has taken its place.

    why: what the status rests on. sessions: how many examined sessions there were when claims were last tested.
    """

    format: Literal[1] = 1
    author: HostName
    name: Slug
    version: int = Field(ge=1)
    statement: str = Field(min_length=1, max_length=400)
    source: str = Field(min_length=1, max_length=400)
    predicts: tuple[TheoryPrediction, ...] = Field(min_length=1)
    evidence: tuple[TheoryEvidence, ...] = ()
    status: TheoryStatus
    why: str
    replaces: Digest | None = None
    replaced_by: Slug | None = None
    sessions: int = Field(default=0, ge=0)
    created: Moment

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.replaces is None) != (self.version == 1):
            raise ValueError("every version but the first one names the one that it replaces")
        if (self.replaced_by is not None) != (self.status == "replaced"):
            raise ValueError("a theory is replaced exactly where another one has taken its place")
        return self

    def speaking(self, speaks: Speaks) -> tuple[TheoryEvidence, ...]:
        """Return the evidence on one side."""
        return tuple(evidence for evidence in self.evidence if evidence.speaks == speaks)
