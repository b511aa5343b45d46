"""What is missing between a store and a locked model, as a value: pure, and light enough to be asked all the time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from sage_edge.models.card import ModelCard, read_card
from sage_edge.models.lock import ModelLock, read_lock
from sage_edge.models.manifest import Manifest
from sage_edge.models.prepare import stages as chain
from sage_edge.models.prepare.estimates import estimate
from sage_edge.models.prepare.stages import Kind, Stage
from sage_edge.models.store.store import Store
from sage_edge.names import ModelRef

RECIPE = "recipe"
"""The key of a manifest's `made_by` under which the digest of its recipe stands."""

MEASURED = "measured: "
"""How the keys of a manifest's `made_by` begin that hold what was measured on it."""


@dataclass(frozen=True)
class StepPlan:
    """One step of a plan: what it makes, the bytes that it adds to the store, minutes, and what these are from."""

    kind: Kind
    makes: ModelRef
    size_bytes: int
    minutes: float
    basis: str
    stage: Stage | None = None

    def __str__(self) -> str:
        return f"{self.kind} {self.makes}"


def plan(
    ref: ModelRef, cards: Mapping[ModelRef, ModelCard], store: Store, lock: ModelLock, *, home: Path
) -> tuple[StepPlan, ...]:
    """Return the steps from what the store holds to the locked model; empty means that nothing is missing.

    home: the folder that directories of cards are relative to. Looks at names and sizes in the store and writes
    nothing. Raises ModelNotFound, UsageError.
    """
    stages = chain.stages(ref, cards)
    if not stages:
        return ()
    if _is_decided(ref, store, lock):
        return ()
    _, *bases = chain.with_bases(ref, cards)
    wanted, missing = {ref}, list[Stage]()
    for stage in reversed(stages):
        if stage.makes in wanted and not is_made(stage, store):
            missing.insert(0, stage)
            wanted.update(stage.needs)
    found = [_step(stage, home) for stage in missing]
    if found or not _is_locked(ref, store, lock) or any(_is_unlocked(base, store, lock) for base in bases):
        found.append(StepPlan("lock", ref, 0, 0.0, "lines of fleet/models.lock"))
    return tuple(found)


def downloads(steps: Iterable[StepPlan]) -> tuple[StepPlan, ...]:
    """Return those steps of a plan that only bring files here: what `sage-edge model pull` does."""
    return tuple(step for step in steps if step.stage is not None and step.stage.source is not None)


def is_prepared(name: str, fleet: Path, store: Store) -> bool:
    """Whether nothing is missing of a model, asked without reading the cards of others; false for a name that is none.

    Raises DeclarationError for a card of it that cannot be read.
    """
    cards: dict[ModelRef, ModelCard] = {}
    try:
        ref: ModelRef | None = ModelRef(name)
    except ValueError:
        return False
    while ref is not None and ref not in cards:
        if (card := read_card(fleet, ref)) is None:
            return False
        cards[ref], ref = card, card.base
    return not plan(ModelRef(name), cards, store, read_lock(fleet), home=fleet.parent)


def is_made(stage: Stage, store: Store) -> bool:
    """Whether the store has what a stage makes, whole by its sizes and made by the same recipe.

    A copy from another board keeps that board's listing, whose recipe is another: it only has to be there.
    """
    manifest = store.manifest(stage.makes)
    if manifest is None or store.missing(manifest):
        return False
    if stage.kind == "copy":
        return True
    if (recipe := manifest.made_by.get(RECIPE)) is not None:
        return recipe == stage.recipe
    return not stage.needs or not stage.card.steps  # somebody imported or copied the finished model


def _step(stage: Stage, home: Path) -> StepPlan:
    cost = estimate(stage, home)
    return StepPlan(stage.kind, stage.makes, cost.size_bytes, cost.minutes, cost.basis, stage)


def _is_decided(ref: ModelRef, store: Store, lock: ModelLock) -> bool:
    """Whether the lock names what somebody imported or copied here: then nothing is made in its place."""
    manifest = store.manifest(ref)
    is_given = manifest is not None and RECIPE not in manifest.made_by and not store.missing(manifest)
    return is_given and _is_locked(ref, store, lock)


def _is_locked(ref: ModelRef, store: Store, lock: ModelLock) -> bool:
    manifest = store.manifest(ref)
    return manifest is not None and ref in lock and lock[ref].manifest == manifest.digest()


def _is_unlocked(base: ModelRef, store: Store, lock: ModelLock) -> bool:
    """Whether a base lies in the store without a line of the lock; a line that says otherwise is no absent one."""
    return base not in lock and store.manifest(base) is not None


def measurements(manifest: Manifest) -> Iterator[tuple[str, str]]:
    """Yield what was measured while a model was made, as (what, result), for people."""
    yield from ((key, value) for key, value in sorted(manifest.made_by.items()) if key.startswith(MEASURED))
