"""The plan of a preparation: the stages that are missing between a store and a locked model. Writes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from sage_edge.models.card import ModelCard, with_bases
from sage_edge.models.lock import ModelLock
from sage_edge.models.manifest import Manifest
from sage_edge.models.prepare import chain
from sage_edge.models.prepare.stage import MEASURED, RECIPE, ModelStage, SourceStage
from sage_edge.models.prepare.stages.lock import LockStage
from sage_edge.models.store.store import Store
from sage_edge.names import ModelRef


@dataclass(frozen=True)
class PlannedStage:
    """One stage of a plan: the bytes that it adds to the store, minutes, and what these are from."""

    stage: ModelStage
    size_bytes: int
    minutes: float
    basis: str

    @property
    def name(self) -> str:
        """The stage's word: `fetch`, `merge`, …"""
        return self.stage.name

    @property
    def makes(self) -> ModelRef:
        """The name that it gives to what it makes."""
        return self.stage.makes

    def __str__(self) -> str:
        return f"{self.name} {self.makes}"


def plan(
    ref: ModelRef, cards: Mapping[ModelRef, ModelCard], store: Store, lock: ModelLock, *, home: Path
) -> tuple[PlannedStage, ...]:
    """Return the stages from what the store holds to the locked model; empty means that nothing is missing.

    home: the folder that directories of cards are relative to. Looks at names and sizes in the store and writes
    nothing. Raises ModelNotFound, UsageError.
    """
    stages = chain.stages(ref, cards)
    if not stages or _is_decided(ref, store, lock):
        return ()
    _, *bases = with_bases(ref, cards)
    wanted, missing = {ref}, list[ModelStage]()
    for stage in reversed(stages):
        if stage.makes in wanted and not is_made(stage, store):
            missing.insert(0, stage)
            wanted.update(stage.needs)
    if missing or not _is_locked(ref, store, lock) or any(_is_unlocked(base, store, lock) for base in bases):
        missing.append(LockStage(cards[ref], ref))
    return tuple(_planned(stage, home) for stage in missing)


def downloads(steps: Iterable[PlannedStage]) -> tuple[PlannedStage, ...]:
    """Return those stages of a plan that only bring files here: what `sage-edge model pull` does."""
    return tuple(step for step in steps if isinstance(step.stage, SourceStage))


def is_made(stage: ModelStage, store: Store) -> bool:
    """Whether the store has what a stage makes, whole by its sizes and made by the same recipe."""
    manifest = store.manifest(stage.makes)
    return manifest is not None and not store.missing(manifest) and stage.accepts(manifest)


def _planned(stage: ModelStage, home: Path) -> PlannedStage:
    cost = stage.estimate(home)
    return PlannedStage(stage, cost.size_bytes, cost.minutes, cost.basis)


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
