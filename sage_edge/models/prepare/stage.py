"""The base of all model stages. One stage is one class: its name, schema, inputs, estimate and work.

    <ref>.adapter      fetched, imported or copied    named only while the model is being made, and kept for the
    <ref>.fetched      the same for the model itself  next time: `sage-edge model gc --parts` frees all but adapters
    <ref>.dequantised  safetensors in f32, of a GGUF file
    <ref>.merged       adapter + base
    <ref>.converted    GGUF in f32 or f16
    <ref>.quantised    GGUF in the wanted kind
    <ref>.compared     the same file, after parity
    <ref>              the same file, after a smoke test: the only one of these names that is ever locked

Each stage is known by its recipe, a digest over what the card says about it and everything before it. A name in the
store counts only when it was made by the same recipe, so a card that changes makes anew exactly what depends on it.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import JsonValue, TypeAdapter, ValidationError
from typing_extensions import Self

from sage_edge import files
from sage_edge.models.card import ModelCard
from sage_edge.models.card_sources import ModelSource
from sage_edge.models.manifest import Manifest, ModelContainer
from sage_edge.names import Digest, ModelRef

if TYPE_CHECKING:
    from sage_edge.models.prepare.prepare_context import PrepareContext  # the hub's client is loaded when there is work

RECIPE = "recipe"
"""The key of a manifest's `made_by` under which the digest of its recipe stands."""

MEASURED = "measured: "
"""How the keys of a manifest's `made_by` begin that hold what was measured on it."""


@dataclass(frozen=True)
class StageCost:
    """Bytes that the store will hold more, minutes that it takes, and what both were reckoned from."""

    size_bytes: int
    minutes: float
    basis: str


@dataclass(frozen=True, eq=False)
class ModelStage(ABC):
    """One thing to have: the name `makes` in the store, from what `inputs` make, as `card` says.

    name: its word in plans, and what its recipe begins with.
    """

    name: ClassVar[str]
    card: ModelCard
    makes: ModelRef
    inputs: tuple[ModelStage, ...] = ()

    @abstractmethod
    def estimate(self, home: Path) -> StageCost:
        """Return what it costs. home: the folder that directories of cards are relative to."""

    @abstractmethod
    def run(self, context: PrepareContext, folder: Path) -> Manifest:
        """Make it, name it in the store, and return its listing. folder: empty, on the store's file system."""

    def recipe_words(self) -> tuple[str | None, ...]:
        """Return what decides its bytes, besides its name and its inputs."""
        return ()

    @property
    def peak_memory_bytes(self) -> int:
        """The most memory that it holds, where that is worth asking for first; else 0."""
        return 0

    @cached_property
    def recipe(self) -> Digest:
        """The digest over its name, the recipes of its inputs, and its own words."""
        words = (self.name, *(stage.recipe for stage in self.inputs), *self.recipe_words())
        return files.digest(json.dumps(words).encode())

    @property
    def needs(self) -> tuple[ModelRef, ...]:
        """The names that its inputs make."""
        return tuple(stage.makes for stage in self.inputs)

    def accepts(self, manifest: Manifest) -> bool:
        """Whether what the store has under its name is what it would make."""
        if (recipe := manifest.made_by.get(RECIPE)) is not None:
            return recipe == self.recipe
        return not self.inputs or not self.card.steps  # somebody imported or copied the finished model

    def before(self) -> Iterator[ModelStage]:
        """Yield what it is made from, and what that is made from, and so on."""
        for stage in self.inputs:
            yield stage
            yield from stage.before()


@dataclass(frozen=True, eq=False)
class SourceStage(ModelStage):
    """A stage that brings files here from where a card says."""

    source: ModelSource | None = None

    @property
    def is_adapter(self) -> bool:
        """Whether it brings the adapter, not the model."""
        return self.makes == part_ref(self.card.ref, "adapter")

    def recipe_words(self) -> tuple[str | None, ...]:
        return (str(self.source), *self.card.wanted)


@dataclass(frozen=True, eq=False)
class StepStage(ModelStage):
    """A stage that cards name among their `steps`, as `name` or `{name: value}`.

    part: the ending of what it makes, `<ref>.part`. parameter: the type of the value; None where it takes none.
    takes, gives: containers; None for any, and for the one that it got. is_new_model: what it makes answers otherwise
    than what it is made from, so parity is measured from here on. is_exact: parity holds it to agree at every place.
    is_held_against_f32: what it is made from is quantised, so llama.cpp widens that to f32 before both are compared.
    """

    part: ClassVar[str]
    parameter: ClassVar[Any] = None
    takes: ClassVar[ModelContainer | None] = None
    gives: ClassVar[ModelContainer | None] = None
    is_new_model: ClassVar[bool] = False
    is_exact: ClassVar[bool] = True
    is_held_against_f32: ClassVar[bool] = False

    @classmethod
    def after(cls, last: ModelStage, card: ModelCard) -> Self:
        """Return the stage that goes on from `last`."""
        return cls(card, part_ref(card.ref, cls.part), cls.inputs_from(last, card))

    @classmethod
    def inputs_from(cls, last: ModelStage, card: ModelCard) -> tuple[ModelStage, ...]:
        """Return what it is made from: `last` first, then whatever else it needs."""
        return (last,)

    @classmethod
    def faults(cls, card: ModelCard) -> Iterator[tuple[str, str]]:
        """Yield what a card says against this stage, as (key, message); asked of every card, with it or without."""
        yield from ()

    @classmethod
    def value_fault(cls, value: JsonValue) -> str | None:
        """Return what is wrong with the value behind its name on a card."""
        if cls.parameter is None:
            return None if value is None else f"{cls.name} takes no value, got {value!r:.60}"
        try:
            TypeAdapter(cls.parameter).validate_python(value, strict=True)
        except ValidationError as wrong:
            return f"{cls.name}: {wrong.errors()[0]['msg']}, got {value!r:.60}"
        return None

    @property
    def value(self) -> JsonValue:
        """The value behind its name on the card."""
        return next((step.value for step in self.card.steps if step.name == self.name), None)

    def recipe_words(self) -> tuple[str | None, ...]:
        return () if self.parameter is None else (json.dumps(self.value),)


def part_ref(ref: ModelRef, name: str) -> ModelRef:
    """Return the name of what a model is made of, beside its own."""
    return ModelRef(f"{ref}.{name}")
