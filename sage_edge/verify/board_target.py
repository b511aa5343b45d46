"""The board under verification: all that is declared of it, and the probe by its helper."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sage_edge.inventory.board_card import Board
from sage_edge.inventory.host_entry import Host
from sage_edge.names import Digest, HostName, ModelRef
from sage_edge.records.release import Release
from sage_edge.remote.board.probe import BoardContainer, BoardEngine, BoardProbe


@dataclass(frozen=True)
class BoardTarget:
    """The subject of `board_checks`. card: of the board that it must be; remote: the exchange.

    helper: 12 hex digits; steps: what provisioning lays on this board (`host.provision`).
    current, release: the release that serves, None without one or when it cannot be read.
    baked: models that the image carries; shipped: those of the release that every image has, with the code.
    weights: digests of the baked ones, as far as they are known here. locked: by models.lock.
    served: what came of asking the model that it serves: `answers`, or why not; None: nobody has asked.
    """

    host: Host
    card: Board
    remote: str
    helper: str
    steps: Sequence[Mapping[str, Any]]
    current: str | None
    release: Release | None
    baked: frozenset[ModelRef]
    shipped: frozenset[ModelRef]
    weights: Mapping[ModelRef, Digest]
    locked: Mapping[ModelRef, Digest]
    oldest_engine: tuple[int, int]
    probe: BoardProbe
    served: str | None = None

    @property
    def name(self) -> HostName:
        return self.host.name

    @property
    def has_gpu(self) -> bool:
        return self.card.compute_capability is not None

    @property
    def engine(self) -> BoardEngine | None:
        """The Docker engine, as the probe tells it."""
        return self.probe.engine

    @property
    def agent(self) -> BoardContainer | None:
        """The agent's container, as the probe tells it."""
        return self.engine.agent() if self.engine else None

    @property
    def server(self) -> BoardContainer | None:
        """The container of the gateway to what it serves, as the probe tells it."""
        return self.engine.of_service("serve") if self.engine else None
