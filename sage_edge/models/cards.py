"""The reader of the cards in `fleet/models/`: each held against itself, its stages and the other cards."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from sage_edge.declared import Reader
from sage_edge.models.card import ModelCard, card_path, stem
from sage_edge.models.prepare import stages
from sage_edge.names import ModelRef

_WANTS = {
    "safetensors": "only safetensors can be merged or converted",
    "gguf": "only gguf can be dequantised or quantised",
}


def read_card(fleet: Path, ref: ModelRef) -> ModelCard | None:
    """Return one card without reading the others, None where there is none. Raises DeclarationError."""
    path = card_path(fleet, ref)
    if not path.is_file():
        return None
    reader = Reader(fleet)
    card = reader.read(path, ModelCard)
    if card is not None:
        _check_alone(card, path, reader)
    reader.finish()
    return card


def read_cards(fleet: Path) -> dict[ModelRef, ModelCard]:
    """Return ref → card for `fleet/models/*.yaml`; empty without that folder.

    Raises DeclarationError with all faults of all cards.
    """
    if not (fleet / "models").is_dir():
        return {}
    reader = Reader(fleet)
    cards: dict[ModelRef, ModelCard] = {}
    for name, card in reader.read_all("models", ModelCard).items():
        _check_alone(card, fleet / "models" / f"{name}.yaml", reader)
        cards[card.ref] = card
    for card in cards.values():
        if card.base is not None and card.base not in cards and card_path(fleet, card.base).is_file():
            continue  # that file has a fault of its own, which is noted
        for key, message in _relations(card, cards):
            reader.fault(card_path(fleet, card.ref), key, message)
    reader.finish()
    return cards


def _check_alone(card: ModelCard, path: Path, reader: Reader) -> None:
    if path.stem != stem(card.ref):
        reader.fault(path, "ref", f"{card.ref} belongs into {stem(card.ref)}.yaml")
    for key, message in stages.faults(card):
        reader.fault(path, key, message)


def _relations(card: ModelCard, cards: Mapping[ModelRef, ModelCard]) -> list[tuple[str, str]]:
    """What one card says against another."""
    if card.base is None:
        return []
    base = cards.get(card.base)
    if base is None:
        return [("base", f"no card declares {card.base}")]
    faults = []
    if base.container != stages.source_container(card):
        faults.append(("base", f"{base.ref} is {base.container}; {_WANTS[stages.source_container(card)]}"))
    if base.architecture != card.architecture:
        faults.append(("architecture", f"{card.architecture}, its base {base.ref} is {base.architecture}"))
    if _is_circle(card, cards):
        faults.append(("base", f"{card.ref} is among its own bases"))
    return faults


def _is_circle(card: ModelCard, cards: Mapping[ModelRef, ModelCard]) -> bool:
    at, seen = card.base, {card.ref}
    while at is not None and at in cards:
        if at in seen:
            return True
        seen.add(at)
        at = cards[at].base
    return False
