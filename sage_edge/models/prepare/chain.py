"""From a card to the stages by which its model is made. Pure: reads cards, touches nothing.

source or base ── each of the card's steps, with what else it needs ── parity ── smoke

What is copied from another board keeps that board's listing, so it counts as it is; a finished model is copied under
its own name and is asked to speak before it gets it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sage_edge.errors import UsageError
from sage_edge.hints import sage
from sage_edge.models.card import ModelCard
from sage_edge.models.card_sources import HostSource, ModelSource, ShippedSource
from sage_edge.models.errors import ModelNotFound
from sage_edge.models.prepare.stage import ModelStage, part_ref
from sage_edge.models.prepare.stages import SOURCES, STEPS
from sage_edge.models.prepare.stages.parity import ParityStage
from sage_edge.models.prepare.stages.smoke import SmokeStage
from sage_edge.names import ModelRef


def stages(ref: ModelRef, cards: Mapping[ModelRef, ModelCard]) -> tuple[ModelStage, ...]:
    """Return all stages of a model, each after what it needs; the last one makes `ref`, none where the model ships.

    Raises ModelNotFound, UsageError for a card that leads nowhere.
    """
    by_name: dict[ModelRef, ModelStage] = {}
    for stage in _stages(ref, cards):
        by_name.setdefault(stage.makes, stage)
    return tuple(by_name.values())


def _stages(ref: ModelRef, cards: Mapping[ModelRef, ModelCard]) -> Iterator[ModelStage]:
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


def _made(card: ModelCard, cards: Mapping[ModelRef, ModelCard]) -> Iterator[ModelStage]:
    """Everything that ends with a smoke test."""
    last: ModelStage | None = None
    if card.source is not None:
        last = _brought(card, card.source, part_ref(card.ref, "fetched"))
        yield last
    elif card.base is not None:
        before = stages(card.base, cards)
        yield from before
        last = before[-1] if before else None
    if last is None:
        raise UsageError(
            f"{card.ref} is made from {card.base}, which ships as a finished file", hint=sage("model show", card.ref)
        )
    for stage in _steps(card, last):
        last = stage
        yield stage
    yield SmokeStage(card, card.ref, (last,))


def _steps(card: ModelCard, first: ModelStage) -> Iterator[ModelStage]:
    """Each step of a card with its other inputs before it; then parity over what followed the last new model."""
    last = original = first
    judged: list[ModelStage] = []
    for step in card.steps:
        stage = STEPS[step.name].after(last, card)
        yield from stage.inputs[1:]
        yield stage
        last = stage
        if stage.is_new_model:
            original, judged = stage, []
        else:
            judged.append(stage)
    if judged:
        yield ParityStage(card, part_ref(card.ref, ParityStage.part), (original, *judged))


def _brought(card: ModelCard, source: ModelSource, makes: ModelRef) -> ModelStage:
    return SOURCES[type(source)](card, makes, source=source)
