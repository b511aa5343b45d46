"""Which host may write which folder of its branch: its role's abilities, by the table of records.paper_paths."""

from __future__ import annotations

from collections.abc import Mapping

from sage_edge.inventory.fleet import Fleet
from sage_edge.records.paper_paths import TRUSTS, WRITERS


def folders(fleet: Fleet) -> Mapping[str, frozenset[str]]:
    """Return host → top folders below which it may add papers."""
    return {host: _of(fleet, host) for host in fleet.hosts}


def _of(fleet: Fleet, host: str) -> frozenset[str]:
    """The folders of a host's abilities; sessions are for whoever may conduct any kind of them."""
    abilities = fleet.role_of(host).abilities
    own = {TRUSTS} | {folder for folder, ability in WRITERS.items() if ability in abilities}
    return frozenset(own | {"sessions"} if fleet.conducts(host) else own)
