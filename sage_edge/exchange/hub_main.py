"""Where the hub's program begins: what it does is said by the name under which it lies (see hub.py).

Part of the hub's program (see hub_program): standard library only, Python 3.9 or later.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from sage_edge.exchange import doorkeeper, hub_gate


def main() -> int:
    """Serve a host that came in by its key, or judge a push; return the exit status."""
    place = Path(sys.argv[0]).resolve()
    if place.name == hub_gate.NAME:
        hub_gate.serve(sys.argv[1:], os.environ, place.parent)
    return doorkeeper.pre_receive(sys.stdin, place.parents[1])
