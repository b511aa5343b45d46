"""What one host asks of another, and what the other answers.

directives/<digest>.json            Directive         immutable, on its author's branch
decisions/directive-<digest>.json   DirectiveAnswer   immutable, on the addressee's branch; a Decision or TrialDecision
                                                      that names the directive is an answer, too

A directive carries typed acts alone: no text in it selects anything. Which of two was given first says the order of
commits on their author's branch, never a date.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from sage_edge.names import Digest, HostName
from sage_edge.records.base import Moment, Record


class RecommendationAct(Record):
    """Accept or decline one recommendation to the addressee, in the place of a person who sits at it."""

    kind: Literal["accept", "decline"]
    recommendation: Digest


class TrialAct(Record):
    """Accept or decline one offered trial as a whole, in the place of a person who sits at the addressee."""

    kind: Literal["accept-trial", "decline-trial"]
    trial: Digest


class WithdrawalAct(Record):
    """Take back a directive of the same author that is not carried out yet."""

    kind: Literal["withdraw"]
    directive: Digest


DirectedAct = Annotated[RecommendationAct | TrialAct | WithdrawalAct, Field(discriminator="kind")]


class Directive(Record):
    """One act that its author wants of one host. deadline: after it nobody carries it out; None: it stays open."""

    format: Literal[1] = 1
    author: HostName
    to: HostName
    act: DirectedAct
    because: str = Field(min_length=1, max_length=1000)
    created: Moment
    deadline: Moment | None = None

    @property
    def about(self) -> Digest | None:
        """The recommendation or trial that it speaks of; None for a withdrawal."""
        if isinstance(self.act, RecommendationAct):
            return self.act.recommendation
        return self.act.trial if isinstance(self.act, TrialAct) else None

    @property
    def withdraws(self) -> Digest | None:
        """The directive that it takes back; None for every other act."""
        return self.act.directive if isinstance(self.act, WithdrawalAct) else None


class DirectiveAnswer(Record):
    """What became of a directive that led to no decision. reason: the addressee's own words."""

    format: Literal[1] = 1
    author: HostName
    directive: Digest
    verdict: Literal["done", "declined"]
    reason: str
    created: Moment
