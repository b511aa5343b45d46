"""Holds the base that an adapter names against the base of its card: another model's name is no word to pass over.

The card says which weights the adapter belongs to (`base_weights`); an adapter says what its base was called. Where
that is a name as the hub has them, it must be the card's base under one of its names: the repository that its files
come from, or its own ref. A card whose adapter rightly says another one writes that name as `adapter_base`. A path
means another folder on every machine: it is told, and nothing follows from it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from sage_edge.hints import sage
from sage_edge.models.card import ModelCard, stem, with_bases
from sage_edge.models.card_sources import HubSource
from sage_edge.models.errors import OtherBase
from sage_edge.models.inspect import adapter, json_limits
from sage_edge.models.inspect.adapter import AdapterBase
from sage_edge.names import ModelRef


def named(folder: Path) -> AdapterBase:
    """Return the base that an adapter's folder names."""
    return adapter.base(json_limits.read(folder / adapter.CONFIG))


def judge(base: AdapterBase, card: ModelCard, cards: Mapping[ModelRef, ModelCard]) -> str | None:
    """Return what to tell of an adapter's word for its base, None where it is the card's; raise OtherBase for another.

    card: of the merged model.
    """
    if base.kind != "hub":
        return f"{base.fault}; its card says {card.base}"
    known = tuple(_names(card, cards))
    if card.adapter_base is not None and base.written == card.adapter_base:
        return None
    if any(base.written.casefold() == name.casefold() for name in known):
        return _other_commit(base, card, cards)
    raise OtherBase(
        card.ref,
        base.written,
        known,
        hint=(
            f"if that is the same model, write it as `adapter_base` into fleet/models/{stem(card.ref)}.yaml, then: ",
            sage("model prepare", card.ref),
        ),
    )


def _other_commit(base: AdapterBase, card: ModelCard, cards: Mapping[ModelRef, ModelCard]) -> str | None:
    """What to tell of an adapter of another commit: its weights may be the same ones, and the card pins those."""
    _, *bases = with_bases(card.ref, cards)
    sources = [source for ref in bases if isinstance(source := cards[ref].source, HubSource)]
    taken = next((source.revision for source in sources if source.repo.casefold() == base.written.casefold()), None)
    if base.revision is None or taken in (None, base.revision):
        return None
    return f"its adapter names commit {base.revision} of {base.written}, its base's card takes {taken}"


def _names(card: ModelCard, cards: Mapping[ModelRef, ModelCard]) -> Iterator[str]:
    """Yield what a card's base is called: repositories and refs, back to where an adapter made it another model."""
    _, *bases = with_bases(card.ref, cards)
    for ref in bases:
        base = cards[ref]
        yield ref.partition(":")[0]
        if isinstance(base.source, HubSource):
            yield base.source.repo
        if base.adapter is not None:
            return
