"""What a role may do, and by which declared rules a researcher recommends."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from math import isfinite
from typing import Annotated, Literal, get_args

from pydantic import Field, JsonValue, ValidationInfo, field_validator

from sage_edge.declared import Declared
from sage_edge.inventory.cadence import PositiveDuration
from sage_edge.names import RoleName, Slug, Track

Ability = Literal[
    "conduct",  # run sessions with a mind
    "decide",  # accept or decline what others recommend
    "bench",  # measure models and engines
    "delegate",  # ask a stronger host
    "analyse",  # turn transcripts into findings
    "recommend",  # propose an intervention to a practitioner
    "direct",  # write a directive to one host
    "answer",  # answer delegated questions
    "merge",  # merge, convert and quantise weights
    "train",  # make adapters
    "deploy",  # bring hosts to what fleet/ declares
]
ABILITIES: tuple[Ability, ...] = get_args(Ability)

Version = Annotated[int, Field(strict=True, ge=1)]
Count = Annotated[int, Field(strict=True, ge=1)]
Share = Annotated[float, Field(ge=0, le=1)]


class Proposal(Declared):
    """The declared intervention that a rule recommends, for how many sessions, and how long the offer stands."""

    intervention: Slug
    version: Version
    parameters: dict[str, JsonValue] = Field(default_factory=dict)
    sessions: Count
    valid_for: PositiveDuration

    @field_validator("parameters")
    @classmethod
    def _finite(cls, parameters: dict[str, JsonValue]) -> dict[str, JsonValue]:
        for name, value in parameters.items():
            if isinstance(value, float) and not isfinite(value):
                raise ValueError(f"expected a finite number for {name}, got {value}")
        return parameters


class Forecast(Declared):
    """What the rule's own scorer must show in the first `sessions` under the intervention.

    of: the number itself, or its change against the newest `before` sessions without it; a fall is negative. value:
    the smallest effect that matters; the whole interval must be as predicted to confirm it, and none of it to refute.
    """

    of: Literal["level", "change"] = "level"
    comparison: Literal["at-least", "at-most"]
    value: Annotated[float, Field(ge=-1, le=1)]
    sessions: Count = 1
    before: Count = 1
    minimum_n: Count

    @field_validator("value")
    @classmethod
    def _possible(cls, value: float, info: ValidationInfo) -> float:
        if info.data.get("of") == "level" and value < 0:
            raise ValueError("expected a level between 0 and 1; only a change can be negative")
        return value


class Rule(Declared):
    """A threshold, declared before the data are seen: when a number is on the wrong side of it, recommend.

    quantity: which of the scorer's numbers. threshold, predict.value: of one scorer version; minimum_n: answers,
    below which nothing is said. trial: the declared trial of what it recommends; it is proposed to a mind for which the
    rule is retired.
    """

    name: Slug
    scorer: Slug
    version: Version
    quantity: Slug = Slug("rate")
    track: Track
    comparison: Literal["below", "above"]
    threshold: Share
    minimum_n: Count
    recommend: Proposal
    predict: Forecast
    trial: Slug | None = None


class AgendaItem(Declared):
    """A declared trial that a researcher proposes to each mind, once that has `after` examined sessions of its kind."""

    trial: Slug
    after: Count


class Role(Declared):
    """What a host with this role may do; everything else is refused."""

    format: Literal[1]
    name: RoleName
    summary: str
    abilities: tuple[Ability, ...]
    rules: tuple[Rule, ...] = ()
    agenda: tuple[AgendaItem, ...] = ()

    @field_validator("abilities")
    @classmethod
    def _each_once(cls, abilities: tuple[Ability, ...]) -> tuple[Ability, ...]:
        if twice := _repeated(abilities):
            raise ValueError(f"'{twice}' is given twice")
        return abilities

    @field_validator("rules")
    @classmethod
    def _usable(cls, rules: tuple[Rule, ...], info: ValidationInfo) -> tuple[Rule, ...]:
        if twice := _repeated(rule.name for rule in rules):
            raise ValueError(f"two rules are named '{twice}'")
        if rules and "recommend" not in info.data.get("abilities", ("recommend",)):
            raise ValueError("are for a role with the ability 'recommend'")
        return rules

    @field_validator("agenda")
    @classmethod
    def _proposable(cls, agenda: tuple[AgendaItem, ...], info: ValidationInfo) -> tuple[AgendaItem, ...]:
        if twice := _repeated(item.trial for item in agenda):
            raise ValueError(f"'{twice}' is on it twice")
        said_already = "rules" not in info.data
        if agenda and not said_already and "recommend" not in info.data.get("abilities", ("recommend",)):
            raise ValueError("is for a role with the ability 'recommend'")
        return agenda

    def may(self, ability: Ability) -> bool:
        return ability in self.abilities


def _repeated(items: Iterable[Hashable]) -> Hashable | None:
    seen: set[Hashable] = set()
    for item in items:
        if item in seen:
            return item
        seen.add(item)
    return None
