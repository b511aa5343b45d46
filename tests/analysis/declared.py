"""The rules and the curriculum that the tests of the analysis go by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Literal

from pydantic import JsonValue

from sage_edge import curriculum
from sage_edge.names import HostName, Track

CURRICULUM = curriculum.load(Path(__file__).parents[2] / "fleet")
THOR, SPROUT = HostName("thor"), HostName("sprout")


@dataclass(frozen=True)
class Remedy:
    intervention: str = "identity-anchored"
    version: int = 2
    parameters: Mapping[str, JsonValue] = field(default_factory=dict)
    sessions: int = 4
    valid_for: timedelta = timedelta(days=7)


@dataclass(frozen=True)
class Expected:
    comparison: Literal["at-least", "at-most"] = "at-least"
    value: float = 0.3
    minimum_n: int = 5
    of: Literal["level", "change"] = "level"
    sessions: int = 1
    before: int = 1


@dataclass(frozen=True)
class Rule:
    name: str = "identity-fades"
    track: Track = "primary"
    scorer: str = "identity"
    version: int = 2
    quantity: str = "rate"
    comparison: Literal["below", "above"] = "below"
    threshold: float = 0.3
    minimum_n: int = 5
    recommend: Remedy = Remedy()
    predict: Expected = Expected()
    trial: str | None = None
