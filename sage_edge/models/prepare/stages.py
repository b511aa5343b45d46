"""From a card to the stages by which its model is made. Pure: reads cards, touches nothing.

    <ref>.adapter      fetched, imported or copied    named only while the model is being made, and kept for the
    <ref>.fetched      the same for the model itself  next time: `sage-edge model gc --parts` frees all but adapters
    <ref>.merged       adapter + base
    <ref>.converted    GGUF in f32 or f16
    <ref>.quantised    GGUF in the wanted kind
    <ref>.compared     the same file, after parity
    <ref>              the same file, after a smoke test: the only one of these names that is ever locked

Each stage is known by its recipe, a digest over what the cards say about it and everything before it. A name in the
store counts only when it was made by the same recipe, so a card that changes makes anew exactly what depends on it.
What is copied from another board keeps that board's listing, so it counts as it is; a finished model is copied under
its own name and is asked to speak before it gets it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from sage_edge import files
from sage_edge.errors import UsageError
from sage_edge.hints import sage
from sage_edge.models.card import DirectorySource, HostSource, HubSource, ModelCard, ModelSource, ShippedSource
from sage_edge.models.errors import ModelNotFound
from sage_edge.names import Digest, ModelRef

Kind = Literal["fetch", "import", "copy", "merge", "convert", "quantise", "parity", "smoke", "lock"]
PARTS = ("adapter", "fetched", "merged", "converted", "quantised", "compared")
UNQUANTISED = ("f32", "f16")


@dataclass(frozen=True)
class Stage:
    """One thing to have: the name `makes`, from the names `needs`, as the card `card` says."""

    kind: Kind
    makes: ModelRef
    needs: tuple[ModelRef, ...]
    card: ModelCard
    recipe: Digest
    source: ModelSource | None = None

    @property
    def is_adapter(self) -> bool:
        """Whether it brings the adapter, not the model."""
        return self.source is not None and self.makes == f"{self.card.ref}.adapter"

    @property
    def precision(self) -> Literal["f32", "f16"]:
        """What convert writes: f16 only where that is wanted, so that nothing is rounded twice."""
        return "f16" if self.card.quantisation == "f16" else "f32"


def part(ref: ModelRef, name: str) -> ModelRef:
    """The name of what a model is made of, beside its own."""
    return ModelRef(f"{ref}.{name}")


def is_part(ref: ModelRef) -> bool:
    """Whether a name stands for an intermediate product: it is neither locked nor used, and can be made again."""
    return ref.rpartition(".")[2] in PARTS


def can_be_made_again(ref: ModelRef) -> bool:
    """Whether a name is a step on the way that nobody needs once its model is made; adapters are what copies send."""
    return is_part(ref) and not ref.endswith(".adapter")


def parts_of(ref: ModelRef, names: Iterable[ModelRef]) -> tuple[ModelRef, ...]:
    """Return those of these names that stand for intermediate products of one model, its adapter among them."""
    return tuple(name for name in names if is_part(name) and name.rpartition(".")[0] == ref)


def with_bases(ref: ModelRef, cards: Mapping[ModelRef, ModelCard]) -> Iterator[ModelRef]:
    """Yield a declared model, its base, the base's base, and so on."""
    at: ModelRef | None = ref
    while at is not None and at in cards:
        yield at
        at = cards[at].base


def stages(ref: ModelRef, cards: Mapping[ModelRef, ModelCard]) -> tuple[Stage, ...]:
    """Return all stages of a model, each after what it needs; the last one makes `ref`, none where the model ships.

    Raises ModelNotFound, UsageError for a card that leads nowhere.
    """
    found: list[Stage] = []
    for stage in _stages(ref, cards):
        if all(stage.makes != other.makes for other in found):
            found.append(stage)
    return tuple(found)


def _stages(ref: ModelRef, cards: Mapping[ModelRef, ModelCard]) -> Iterator[Stage]:
    if ref not in cards:
        raise ModelNotFound(ref, sorted(cards))
    card = cards[ref]
    if isinstance(card.source, ShippedSource):
        return
    is_copy = isinstance(card.source, HostSource)
    if not card.steps and card.source is not None and (is_copy or card.container == "safetensors"):
        yield _brought(card, card.source, ref)
        return
    yield from _made(card, cards)


def _made(card: ModelCard, cards: Mapping[ModelRef, ModelCard]) -> Iterator[Stage]:
    """Everything that ends with a smoke test."""
    ref = card.ref
    last: Stage | None = None
    if card.source is not None:
        last = _brought(card, card.source, part(ref, "fetched"))
        yield last
    elif card.base is not None:
        before = stages(card.base, cards)
        yield from before
        last = before[-1] if before else None
    if last is None:
        raise UsageError(
            f"{ref} is made from {card.base}, which ships as a finished file", hint=sage("model show", ref)
        )
    for stage in _steps(card, last):
        last = stage
        yield stage
    yield _stage("smoke", ref, (last,), card)


def _steps(card: ModelCard, first: Stage) -> Iterator[Stage]:
    ref, last, original = card.ref, first, first
    if "merge" in card.steps and card.adapter is not None:
        adapter = _brought(card, card.adapter, part(ref, "adapter"))
        yield adapter
        last = original = _stage("merge", part(ref, "merged"), (first, adapter), card, card.base_weights)
        yield last
    converted: Stage | None = None
    if "convert" in card.steps:
        exact = "f16" if card.quantisation == "f16" else "f32"
        last = converted = _stage("convert", part(ref, "converted"), (last,), card, exact)
        yield last
    if "quantise" in card.steps:
        last = _stage("quantise", part(ref, "quantised"), (last,), card, card.quantisation)
        yield last
    if last is not original:
        judged = (original, last) if converted is None or converted is last else (original, converted, last)
        yield _stage("parity", part(ref, "compared"), judged, card)


def _stage(kind: Kind, makes: ModelRef, needs: tuple[Stage, ...], card: ModelCard, *more: str | None) -> Stage:
    recipe = _recipe(kind, *(stage.recipe for stage in needs), *more)
    return Stage(kind, makes, tuple(stage.makes for stage in needs), card, recipe)


_BY_SOURCE: Mapping[type, Kind] = {HubSource: "fetch", DirectorySource: "import", HostSource: "copy"}


def _brought(card: ModelCard, source: ModelSource, makes: ModelRef) -> Stage:
    kind = _BY_SOURCE[type(source)]
    return Stage(kind, makes, (), card, _recipe(kind, str(source), *card.wanted), source)


def _recipe(*words: str | None) -> Digest:
    return files.digest(json.dumps(words).encode())
