"""This machine for `sage-edge doctor`: its paths, its measured board facts, and what is declared of it."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from datetime import datetime

from sage_edge.clock import BEGUN, Clock
from sage_edge.clock_trust import ClockBounds, ClockWatch
from sage_edge.errors import SageError
from sage_edge.inventory import identity, load
from sage_edge.inventory.board_card import Board
from sage_edge.inventory.board_facts import BoardFacts, measure
from sage_edge.inventory.errors import NoIdentity
from sage_edge.inventory.fleet import Fleet
from sage_edge.inventory.host_entry import Host
from sage_edge.models.resolve import Library
from sage_edge.names import ModelRef
from sage_edge.paths import Paths
from sage_edge.verify.machine_judges import agree

SEEDLING = ModelRef("sage/seedling:q8_0")
"""The model that every checkout has: what it shows is that an engine runs, not how a mind speaks."""


@dataclass(frozen=True)
class ThisMachine:
    """The subject of `machine_checks`. refusal: why its host or fleet is not known."""

    paths: Paths
    clock: Clock
    committed: datetime | None
    facts: BoardFacts
    fleet: Fleet | None
    host: Host | None
    refusal: SageError | None

    @property
    def board(self) -> Board | None:
        """The declared board; else the only one that agrees with what is measured."""
        if self.fleet is None:
            return None
        if self.host is not None:
            return self.fleet.boards[self.host.board]
        agreeing = agree(self.facts, self.fleet.boards)
        return self.fleet.boards[agreeing[0]] if len(agreeing) == 1 else None

    @property
    def model(self) -> ModelRef:
        """The model that this host conducts with, else the seedling."""
        return SEEDLING if self.host is None or self.host.model is None else self.host.model

    @property
    def watch(self) -> ClockWatch:
        """What says whether its clock may be believed; where no host is declared for it, by what holds for any."""
        if self.fleet is None or self.host is None:
            bounds = ClockBounds(self.committed or BEGUN)
        else:
            bounds = self.fleet.clock_bounds(self.host.name, self.committed, self.clock.floor)
        return ClockWatch(self.clock, bounds, self.paths.clock)

    @property
    def library(self) -> Library:
        return Library(self.paths.fleet, self.paths.models)

    def refuses(self, ref: ModelRef, memory_bytes: int = sys.maxsize) -> SageError | None:
        """Return why a model cannot be used here; None when it can. memory_bytes: that it may take."""
        try:
            self.library.resolve(ref, memory_bytes=memory_bytes)
        except SageError as refusal:
            return refusal
        return None


def admit(paths: Paths, clock: Clock, as_host: str | None = None, committed: datetime | None = None) -> ThisMachine:
    """Return what is known of this machine; nothing wrong with its declarations stops the examination.

    committed: when what runs here was committed; None: nobody says.
    """
    facts = measure(paths.facts_root)
    fleet, host, refusal = None, None, None
    try:
        fleet, host, _ = identity.claim(paths, as_host)
    except NoIdentity:
        fleet, refusal = _fleet(paths)
    except SageError as wrong:
        fleet, refusal = _fleet(paths)[0], wrong
    return ThisMachine(paths, clock, committed, facts, fleet, host, refusal)


def _fleet(paths: Paths) -> tuple[Fleet | None, SageError | None]:
    try:
        return load.load(paths.fleet), None
    except SageError as wrong:
        return None, wrong
