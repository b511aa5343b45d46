"""The workstation's chores for `tasks.py`: each parses, calls one function and prints.

Nothing heavy is imported before a chore runs: invoke loads this at every Tab.
"""

from __future__ import annotations

from sage_edge import chores
from sage_edge.chores import Chore, Sage
from sage_edge.desk import deploying, imaging, sim, verifying


def add(chore: Chore, sage: Sage) -> None:
    """Add the chores of the model road and those around the fleet."""
    chores.add(chore, sage)
    sim.add(chore)
    deploying.add(chore)
    imaging.add(chore)
    verifying.add(chore)
