"""Where the hub's program begins: what it does is said by the name under which it lies (see hub.py).

Part of the hub's program (see hub_program): standard library only, Python 3.9 or later.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from sage_edge.exchange import doorkeeper, hub_gate, hub_upkeep


def main() -> int:
    """Serve a host that came in by its key, judge a push, or look after the hub behind one; return the exit status."""
    place = Path(sys.argv[0]).resolve()
    if place.name == hub_gate.NAME:
        hub_gate.serve(sys.argv[1:], os.environ, place.parent)
    repository = place.parents[1]
    if place.name == "pre-receive":
        return doorkeeper.pre_receive(sys.stdin, repository)
    if sys.argv[1:] == ["pack"]:
        hub_upkeep.pack(repository)
    else:
        hub_upkeep.end_push(repository)
    return 0
