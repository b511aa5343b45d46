"""What an exercise expects of an answer: typed, so that a scorer can judge whole words instead of substrings."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from sage_edge.records.base import Record

Phrases = Annotated[tuple[str, ...], Field(min_length=1)]


class Words(Record):
    """Every phrase occurs. A phrase may list alternatives: `two | 2`."""

    kind: Literal["words"]
    all: Phrases


class AnyOf(Record):
    """At least one phrase occurs."""

    kind: Literal["any"]
    of: Phrases


class InOrder(Record):
    """The phrases occur one after the other."""

    kind: Literal["sequence"]
    items: Phrases


class Number(Record):
    """The number occurs as digits or as a word, and no other number does."""

    kind: Literal["number"]
    equals: int = Field(strict=True)


class Choice(Record):
    """`is` occurs, and none of the other options."""

    kind: Literal["choice"]
    is_: str = Field(alias="is")
    of: Phrases

    model_config = ConfigDict(serialize_by_alias=True)


class NotKnowing(Record):
    """The answer admits that it does not know."""

    kind: Literal["not_knowing"]


class Named(Record):
    """The mind gives its own name."""

    kind: Literal["named"]


class NotNamed(Record):
    """The mind does not take a name that is not its own."""

    kind: Literal["not_named"]
    other: str


Expectation = Annotated[
    Words | AnyOf | InOrder | Number | Choice | NotKnowing | Named | NotNamed, Field(discriminator="kind")
]
