"""One host: its role, its board, and for a host that conducts sessions, the mind it raises."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, JsonValue

from sage_edge.declared import Declared
from sage_edge.inventory.cadence import PositiveDuration, ScheduleOverride
from sage_edge.inventory.serve_settings import ServeSettings
from sage_edge.names import HostName, ModelRef, RoleName, Slug
from sage_edge.sampling import Sampling

CONDUCTING = ("mind", "model", "engine", "sampling", "turn_deadline", "policy")
"""Keys that a host has exactly when its role can conduct."""


def _shown_whole(name: str) -> str:
    if name != name.strip() or not name.isprintable():
        raise ValueError(f"expected a name in one line, without white space around it, got {name!r}")
    return name


class EngineSettings(Declared):
    """What computes the answers. threads None: as many as the engine likes; gpu_layers -1: all of them.

    kind: a name in `engines.registry`; options: what only that kind knows. `fleet check` holds both against it.
    batch_tokens is at most 128: llama.cpp's score buffer has that many rows of the whole vocabulary (facts §3.2).
    """

    kind: Slug
    context_tokens: int = Field(ge=512, le=131_072, strict=True)
    batch_tokens: int = Field(ge=1, le=128, strict=True)
    threads: Annotated[int, Field(ge=1, strict=True)] | None = None
    gpu_layers: int = Field(ge=-1, strict=True)
    options: dict[str, JsonValue] = Field(default_factory=dict)


class Policy(Declared):
    """Whether recommendations and trials are accepted without asking a person, and which interventions at all.

    A file that says nothing of trials is of a time before them: a person decides.
    """

    recommendations: Literal["auto", "manual", "never"]
    trials: Literal["auto", "manual", "never"] = "manual"
    allowed: tuple[Slug, ...]


class Host(Declared):
    """One machine of the fleet. The keys in CONDUCTING are there exactly when its role can conduct.

    serve: what it answers others with; only where its role may `answer`.
    """

    format: Literal[1]
    name: HostName
    role: RoleName
    board: Slug
    mind: Annotated[str, Field(min_length=1, max_length=64), AfterValidator(_shown_whole)] | None = None
    model: ModelRef | None = None
    engine: EngineSettings | None = None
    sampling: Sampling | None = None
    turn_deadline: PositiveDuration | None = None
    policy: Policy | None = None
    schedule: ScheduleOverride | None = None
    serve: ServeSettings | None = None

    @property
    def models(self) -> tuple[ModelRef, ...]:
        """The models that have to be on it, none twice: the one it conducts sessions with, and the one it serves."""
        served = None if self.serve is None else self.serve.model
        return tuple(dict.fromkeys(ref for ref in (self.model, served) if ref is not None))
