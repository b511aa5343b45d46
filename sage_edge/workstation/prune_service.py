"""`invoke prune`: what boards keep of earlier releases and nobody needs, shown first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sage_edge import hints, sizes
from sage_edge.cli.environment import log
from sage_edge.deploy.held_lock import holding
from sage_edge.deploy.rollout_options import RolloutTimeouts
from sage_edge.names import HostName, shortened
from sage_edge.remote.board.identity_check import require_own
from sage_edge.sizes import counted
from sage_edge.workstation import context
from sage_edge.workstation.context import FleetContext


def prune(here: FleetContext, hosts: Sequence[HostName], *, as_json: bool, sure: bool) -> int:
    """Show what may go on each host; remove it only when sure. Return the worst exit code."""

    def look(name: HostName) -> Mapping[str, Any]:
        with here.seen(name) as board:
            return board.surplus()

    def remove(name: HostName) -> Mapping[str, Any]:
        with here.board(name) as board:
            require_own(board.facts(), here.fleet.name)
            with holding(board, "prune", RolloutTimeouts()) as token:
                return board.prune(token)

    code = context.for_each(
        here,
        hosts,
        remove if sure else look,
        lambda surplus: _shown(surplus, "gone" if sure else "may go"),
        as_json=as_json,
        schema="sage-edge/pruned/1",
    )
    if code == 0 and not sure:
        again = hints.invoke("prune", host=",".join(hosts), yes=True, fleet=here.fleet.overlay)
        log(f"nothing was removed; to remove it: {hints.text(again, here.surroundings)}")
    return code


def _shown(surplus: Mapping[str, Any], what: str) -> str:
    releases, images = list(surplus["releases"]), [shortened(str(image)) for image in surplus["images"]]
    if not releases and not images:
        return "nothing is there that nobody needs"
    room = f" ({sizes.text(int(surplus['bytes']))})" if images else ""
    lines = [f"{what}: {counted(len(releases), 'release')}, {counted(len(images), 'image')}{room}"]
    return "\n".join([*lines, *(f"  release {name}" for name in releases), *(f"  image {name}" for name in images)])
