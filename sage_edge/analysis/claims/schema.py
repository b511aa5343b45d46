"""The kinds of claims, as typed declarations: what is measured, in which sessions, and what would bear it out."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, field_validator, model_validator
from typing_extensions import Self

from sage_edge.declared import Declared
from sage_edge.names import HostName, Slug, Track
from sage_edge.records.claim import Scope, Verdict
from sage_edge.records.dialogue import Dialogue, Provenance

_QUANTITY = re.compile(r"([a-z0-9]+(?:-[a-z0-9]+)*)/([1-9][0-9]{0,4}) ([a-z0-9]+(?:-[a-z0-9]+)*)")

Quantity = Annotated[str, StringConstraints(pattern=f"^{_QUANTITY.pattern}$")]
"""A quantity of a scorer, such as `raising/1 d5`."""

Text = Annotated[str, StringConstraints(min_length=1, max_length=400)]
FiniteNumber = Annotated[float, Field(allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]


def split(quantity: str) -> tuple[str, int, str]:
    """Return scorer, version and quantity of `raising/1 d5`. Raises ValueError for anything else."""
    match = _QUANTITY.fullmatch(quantity)
    if match is None:
        raise ValueError(f"expected a quantity like raising/1 d5, got {quantity!r}")
    return match[1], int(match[2]), match[3]


class SessionWindow(Declared):
    """Sessions by number, both ends included; None leaves that end open. without: remarks of sessions to leave out.

    under: only the sessions whose papers name one of these interventions, of whichever version.
    """

    first: int | None = Field(default=None, ge=0)
    last: int | None = Field(default=None, ge=0)
    under: tuple[Slug, ...] = ()
    without: tuple[Slug, ...] = ()

    @model_validator(mode="after")
    def _forward(self) -> Self:
        if self.first is not None and self.last is not None and self.first > self.last:
            raise ValueError(f"expected first <= last, got {self.first} and {self.last}")
        return self

    def is_over(self, newest: int | None) -> bool:
        """Return whether no session can join it any more. newest: the highest number that there is."""
        return self.last is not None and newest is not None and newest >= self.last


class QuantityPair(Declared):
    """Two quantities over the same sessions."""

    label: Text
    x: Quantity
    y: Quantity
    sessions: SessionWindow = SessionWindow()


class Level(Declared):
    """One quantity over some sessions."""

    label: Text
    of: Quantity
    sessions: SessionWindow = SessionWindow()


class SessionRun(Declared):
    """One quantity in a run of sessions, against the others of the window."""

    label: Text
    of: Quantity
    run: SessionWindow
    sessions: SessionWindow = SessionWindow()


class Sides(Declared):
    """One quantity before and after. count: what is compared; sessions by default, where there are two on each side."""

    label: Text
    of: Quantity
    before: SessionWindow
    after: SessionWindow
    count: Literal["answers"] | None = None


class Cost(Declared):
    """A model's cost against that of another: per answer, or per word of its answers."""

    label: Text
    model: Text
    base: Text
    per: Literal["answer", "word"]


class Growth(Declared):
    """How the cost of these models grows with their size."""

    label: Text
    models: tuple[Text, ...]
    per: Literal["answer", "word"]


class ModelCosts(Declared):
    """What one model took. size: in any unit, the same for all. seconds, words: one for each question, in one order."""

    model: Text
    size: Positive
    seconds: tuple[Positive, ...]
    words: tuple[Positive, ...]
    note: Text | None = None

    @model_validator(mode="after")
    def _as_many(self) -> Self:
        if not self.seconds:
            raise ValueError("expected at least one answer")
        if len(self.seconds) != len(self.words):
            raise ValueError(f"expected a count of words for each answer, got {len(self.words)} of {len(self.seconds)}")
        return self


class Timing(Declared):
    """Figures that were recorded by hand, and where they stand."""

    source: Text
    rows: tuple[ModelCosts, ...]

    @field_validator("rows")
    @classmethod
    def _distinct(cls, rows: tuple[ModelCosts, ...]) -> tuple[ModelCosts, ...]:
        if len({row.model for row in rows}) < len(rows):
            raise ValueError("expected each model once")
        return rows


class RecordOf(Declared):
    """Whose papers a claim about a record speaks of; what is not given is any.

    Papers of the older system often do not say on which machine they were made; the mind's name is in all of them.
    """

    provenance: Provenance | None = None
    host: HostName | None = None
    mind: Text | None = None

    def holds(self, session: Dialogue) -> bool:
        """Return whether a session is part of that record."""
        asked = ((self.provenance, session.provenance), (self.host, session.host), (self.mind, session.mind))
        return all(wanted in (None, given) for wanted, given in asked)


class BaseClaim(Declared):
    """What all claims have. stated: the number that was given, if any; the words stand in as_stated.

    about: of a claim about a record, whose; it is tested on those papers alone.

    comparison, threshold: the smallest effect that matters, in the corrected number's own unit, and on which side of it
    the claim lies. published: the verdict that was published of the seeds' own sessions, by the rule of that time.
    """

    statement: Text
    source: Text
    scope: Scope
    about: RecordOf | None = None
    as_stated: Text
    stated: FiniteNumber | None = None
    comparison: Literal["at-least", "at-most"]
    threshold: FiniteNumber
    published: Verdict | None = None
    caveats: tuple[Text, ...] = ()


class CouplingClaim(BaseClaim):
    """Two quantities move together: Pearson's r.

    then: the kind of session that y is of, where it is not x's: each session of `track` is held against the first one
    of that kind that began after it, and before the next of its own.
    """

    test: Literal["coupling"]
    track: Track
    then: Track | None = None
    replay: QuantityPair
    correct: QuantityPair
    also: tuple[QuantityPair, ...] = ()

    @field_validator("threshold")
    @classmethod
    def _inside(cls, r: float) -> float:
        if not abs(r) < 1:
            raise ValueError(f"expected a correlation inside (-1, 1), got {r}")
        return r


class RunClaim(BaseClaim):
    """Some sessions in a row lie apart from all others: difference of means."""

    test: Literal["run"]
    track: Track
    replay: SessionRun
    correct: SessionRun
    also: tuple[SessionRun, ...] = ()


class ShiftClaim(BaseClaim):
    """A mean or rate changed between two windows: after minus before."""

    test: Literal["shift"]
    track: Track
    replay: Sides
    correct: Sides
    also: tuple[Sides, ...] = ()


class StatesClaim(BaseClaim):
    """Sessions are in one of two states: gain in BIC.

    apart: how far the states lie from each other, in the scorer's unit. share: the part of sessions in the rarer one.
    """

    test: Literal["states"]
    track: Track
    comparison: Literal["at-least"]
    apart: Positive
    share: Annotated[float, Field(gt=0, le=0.5)]
    replay: Level
    correct: Level
    also: tuple[Level, ...] = ()


class TrendClaim(BaseClaim):
    """A quantity rises or falls over the sessions: slope per session."""

    test: Literal["trend"]
    track: Track
    replay: Level
    correct: Level
    also: tuple[Level, ...] = ()


class RatioClaim(BaseClaim):
    """One model costs so many times what another does."""

    test: Literal["ratio"]
    timing: Slug
    replay: Cost
    correct: Cost
    also: tuple[Cost, ...] = ()


class ExponentClaim(BaseClaim):
    """Cost grows as a power of the size: the exponent."""

    test: Literal["exponent"]
    timing: Slug
    replay: Growth
    correct: Growth
    also: tuple[Growth, ...] = ()


Scored = CouplingClaim | RunClaim | ShiftClaim | StatesClaim | TrendClaim
Timed = RatioClaim | ExponentClaim
AnyClaim = Annotated[Scored | Timed, Field(discriminator="test")]
