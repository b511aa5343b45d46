"""When sessions are due: one cadence per kind of session, jitter, and when a start counts as late.

due moments of a kind: 1970-01-01T00:00Z + offset + k * every; 6h means 00, 06, 12 and 18 o'clock UTC
fleet.yaml declares a whole Schedule; a host may override any single key of it
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Annotated

from pydantic import AfterValidator, ConfigDict, Field, ValidationInfo, field_validator

from sage_edge.clock import Duration
from sage_edge.declared import Declared
from sage_edge.names import Track

LONGEST = Duration(days=366)
"""Longer than a year nothing is waited for: beyond it moments leave the calendar, and people mistyped."""


def _positive(length: Duration) -> Duration:
    if length <= Duration(0):
        raise ValueError(f"expected more than 0s, got '{length}'")
    return length


def _bounded(length: Duration) -> Duration:
    if length > LONGEST:
        raise ValueError(f"expected at most {LONGEST}, got '{length}'")
    return length


BoundedDuration = Annotated[Duration, AfterValidator(_bounded)]
"""A duration of at most a year."""

PositiveDuration = Annotated[BoundedDuration, AfterValidator(_positive)]
"""A duration of at least one second and at most a year."""


class Cadence(Declared):
    """Sessions of one kind: one in every `every`, counted from the epoch plus `offset`; offset < every."""

    every: PositiveDuration
    offset: BoundedDuration

    @field_validator("offset")
    @classmethod
    def _inside_one_round(cls, offset: Duration, info: ValidationInfo) -> Duration:
        every = info.data.get("every")
        if every is not None and offset >= every:
            raise ValueError(f"expected less than every ({every}), got '{offset}'")
        return offset


class Schedule(Declared):
    """When sessions are due: a cadence for each kind that has one.

    A session starts up to `jitter` after its due moment; from `late_after` on it counts as late.
    """

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Cadence] = Field(init=False)
    jitter: BoundedDuration
    late_after: BoundedDuration

    @property
    def cadences(self) -> Mapping[Track, Cadence]:
        """Kind of session → its cadence."""
        return self.__pydantic_extra__

    def faults(self, scheduled: Collection[Track]) -> Iterator[tuple[str, str]]:
        """Yield key and message of what does not fit the kinds that are to have a cadence."""
        for kind in scheduled:
            if kind not in self.cadences:
                yield kind, "is missing"
        for kind in self.cadences:
            if kind not in scheduled:
                yield kind, f"no kind of session with a cadence is named '{kind}'; there are: {', '.join(scheduled)}"
        for kind, cadence in self.cadences.items():
            if self.jitter >= cadence.every:
                yield "jitter", f"expected less than {kind}.every ({cadence.every}), got '{self.jitter}'"
                return

    def words(self) -> str:
        """Return the schedule in one line for people."""
        kinds = (f"{kind} every {own.every} (offset {own.offset})" for kind, own in self.cadences.items())
        return ", ".join((*kinds, f"jitter {self.jitter}"))


class CadenceOverride(Declared):
    """What one host changes in the cadence of a kind of session."""

    every: PositiveDuration | None = None
    offset: BoundedDuration | None = None


class ScheduleOverride(Declared):
    """What one host changes in the fleet's schedule; any key may stand alone."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, CadenceOverride | None] = Field(init=False)
    jitter: BoundedDuration | None = None
    late_after: BoundedDuration | None = None
