"""When sessions are due: one cadence per track, jitter, and when a start counts as late.

due moments of a track: 1970-01-01T00:00Z + offset + k * every; 6h means 00, 06, 12 and 18 o'clock UTC
fleet.yaml declares a whole Schedule; a host may override any single key of it
"""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, ValidationInfo, field_validator

from sage_edge.clock import Duration
from sage_edge.declared import Declared


def _positive(length: Duration) -> Duration:
    if length <= Duration(0):
        raise ValueError(f"expected more than 0s, got '{length}'")
    return length


PositiveDuration = Annotated[Duration, AfterValidator(_positive)]
"""A duration of at least one second."""


class Cadence(Declared):
    """Sessions of one track: one in every `every`, counted from the epoch plus `offset`; offset < every."""

    every: PositiveDuration
    offset: Duration

    @field_validator("offset")
    @classmethod
    def _inside_one_round(cls, offset: Duration, info: ValidationInfo) -> Duration:
        every = info.data.get("every")
        if every is not None and offset >= every:
            raise ValueError(f"expected less than every ({every}), got '{offset}'")
        return offset


class Schedule(Declared):
    """When sessions are due. One starts up to `jitter` after its due moment; from `late_after` on it counts as late."""

    primary: Cadence
    training: Cadence
    jitter: Duration
    late_after: Duration

    @field_validator("jitter")
    @classmethod
    def _less_than_a_round(cls, jitter: Duration, info: ValidationInfo) -> Duration:
        for track in ("primary", "training"):
            cadence = info.data.get(track)
            if cadence is not None and jitter >= cadence.every:
                raise ValueError(f"expected less than {track}.every ({cadence.every}), got '{jitter}'")
        return jitter

    def words(self) -> str:
        """The schedule in one line for people."""
        return (
            f"primary every {self.primary.every} (offset {self.primary.offset}), "
            f"training every {self.training.every} (offset {self.training.offset}), jitter {self.jitter}"
        )


class CadenceOverride(Declared):
    """What one host changes in a track's cadence."""

    every: PositiveDuration | None = None
    offset: Duration | None = None


class ScheduleOverride(Declared):
    """What one host changes in the fleet's schedule; any key may stand alone."""

    primary: CadenceOverride | None = None
    training: CadenceOverride | None = None
    jitter: Duration | None = None
    late_after: Duration | None = None
