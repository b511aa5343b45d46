"""Lists what this machine has of all declared and shipped models, each with its files or the reason why not."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sage_edge.models.card import ModelCard
from sage_edge.models.cards import read_card, read_cards
from sage_edge.models.errors import AdapterWithoutBase, DigestMismatch, ModelError, ModelIncomplete, NotLocked
from sage_edge.models.lock import read_lock
from sage_edge.models.prepare.plan import plan
from sage_edge.models.resolve import Library, ResolvedModel
from sage_edge.models.store.store import Store
from sage_edge.names import ModelRef

ModelState = Literal["here", "not here", "not locked", "incomplete", "changed", "adapter only", "broken"]


@dataclass(frozen=True)
class ModelEntry:
    """One name. card: what `fleet/models/` says, None for what only a shelf has; exactly one of model, refusal."""

    ref: ModelRef
    card: ModelCard | None
    summary: str
    parameters: int
    is_here: bool
    model: ResolvedModel | None
    refusal: ModelError | None

    @property
    def state(self) -> ModelState:
        """One word for people; `not here` covers what was never fetched."""
        if self.model is not None:
            return "here"
        if not self.is_here:
            return "not here"
        words: dict[type, ModelState] = {
            NotLocked: "not locked",
            ModelIncomplete: "incomplete",
            DigestMismatch: "changed",
            AdapterWithoutBase: "adapter only",
        }
        return words.get(type(self.refusal), "broken")


def list_models(library: Library) -> tuple[ModelEntry, ...]:
    """Return every name that is declared, shelved or in the store, by ref. Raises DeclarationError."""
    cards = read_cards(library.fleet)
    return tuple(_item(library, ref, cards.get(ref)) for ref in library.names(cards))


def entry_of(library: Library, ref: ModelRef) -> ModelEntry:
    """Return what this machine has of one name. Raises DeclarationError."""
    return _item(library, ref, read_card(library.fleet, ref))


def _item(library: Library, ref: ModelRef, card: ModelCard | None) -> ModelEntry:
    summary, parameters = "in the store, but no card declares it", 0
    if card is not None:
        summary, parameters = card.summary, card.parameters
    elif ref in library.shelved:
        summary, parameters = library.shelved[ref][1].what_it_is, library.shelved[ref][1].parameters
    model, refusal = _try(library, ref)
    is_here = ref in library.shelved or library.store.manifest_path(ref).is_file()
    return ModelEntry(ref, card, summary, parameters, is_here, model, refusal)


def _try(library: Library, ref: ModelRef) -> tuple[ResolvedModel | None, ModelError | None]:
    try:
        return library.resolve(ref), None
    except ModelError as refusal:
        return None, refusal


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
