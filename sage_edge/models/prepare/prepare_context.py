"""What every stage works with: the store, the cards, the hub, the log. One value, put together at the roof."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sage_edge.clock import Clock, SystemClock
from sage_edge.hints import invoke
from sage_edge.models.card import ModelCard
from sage_edge.models.card_sources import HostSource
from sage_edge.models.download.hub import Hub
from sage_edge.models.errors import ModelError
from sage_edge.models.manifest import Manifest
from sage_edge.models.store.store import Store
from sage_edge.names import ModelRef


def _silent(*words: object) -> None:
    """Tell nobody."""


def _no_copy(source: HostSource, ref: ModelRef) -> Manifest:
    raise ModelError(
        f"{ref} lies in the store of {source.host}, and this command copies nothing between machines",
        hint=invoke("sync", from_host=source.host, model=ref),
    )


@dataclass(frozen=True)
class PrepareContext:
    """What preparing needs. fleet: the folder with the cards and the lock.

    copy: has the bytes of a board's model in the store and returns its listing, whose name is still to be given; made
    at the roof, because models reach into no other machine.
    log: one line for people; on_wait: the same, of waits that a hub asks for. progress: bytes that are here, bytes of
    all files. threads: for comparing; a merge always takes one, because sums in another order are other sums.
    """

    fleet: Path
    cards: Mapping[ModelRef, ModelCard]
    store: Store
    hub: Hub
    clock: Clock = field(default_factory=SystemClock)
    stop: threading.Event = field(default_factory=threading.Event)
    log: Callable[[str], None] = _silent
    progress: Callable[[int, int], None] = _silent
    on_wait: Callable[[str], None] = _silent
    copy: Callable[[HostSource, ModelRef], Manifest] = _no_copy
    threads: int = 1

    @property
    def home(self) -> Path:
        """What directories of cards are relative to."""
        return self.fleet.parent

    @property
    def tools(self) -> Path:
        """Where llama.cpp's converter is kept between calls."""
        return self.store.root / "tools"
