"""Outlooks: what a researcher expects of a mind's next sessions, said before them, and how near that came.

outlooks/<first>-<digest>.json       Outlook        immutable, on its author's branch
outlook-scores/<digest>.json         OutlookScore   immutable, on the author's branch; one an outlook, for ever
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from sage_edge.names import Digest, HostName, SessionId, Slug, Track
from sage_edge.records.base import Moment, Record

OUTLOOK_SESSIONS = 20
"""So many sessions lie ahead of an outlook: five days of one kind."""

_Share = Annotated[float, Field(ge=0, le=1)]


class OutlookRange(Record):
    """Where each of the next sessions is expected, in [0, 1]; 19 of 20 of them between low and high."""

    value: _Share
    low: _Share
    high: _Share


class Outlook(Record):
    """What is expected of one quantity in each session from first to last, if nothing drifts.

    method: how it was reckoned. based_on: the sessions it rests on, oldest first. forecast: by their mean and spread;
    unchanged: by the last of them, and how far one lies from the next, which any forecast must beat.
    """

    format: Literal[1] = 1
    author: HostName
    to: HostName
    mind: str = Field(min_length=1, max_length=64)
    track: Track
    first: SessionId
    last: SessionId
    scorer: Slug
    version: int = Field(ge=1)
    quantity: Slug
    definition: Digest
    method: Literal["mean-and-spread"] = "mean-and-spread"
    based_on: tuple[Digest, ...] = Field(min_length=2)
    forecast: OutlookRange
    unchanged: OutlookRange
    created: Moment

    @property
    def name(self) -> str:
        """`identity/2 rate`."""
        return f"{self.scorer}/{self.version} {self.quantity}"


class OutlookScore(Record):
    """How near an outlook came, computed from the record alone, when its last session has been.

    used: the sessions of that mind in its window that began after it was made. inside: how many lie between its ends.
    score, unchanged: the mean interval score of the forecast and of no change, the smaller the better; None of none.
    """

    format: Literal[1] = 1
    author: HostName
    outlook: Digest
    used: tuple[Digest, ...]
    inside: int = Field(ge=0)
    mean: _Share | None
    score: float | None = Field(ge=0)
    unchanged: float | None = Field(ge=0)
    created: Moment
