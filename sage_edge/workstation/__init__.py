"""The workstation's chores for `tasks.py`: each parses, calls one function and prints.

Nothing heavy is imported before a chore runs: invoke loads this at every Tab.
"""

from __future__ import annotations

from sage_edge import chores
from sage_edge.chores import Chore, Sage
from sage_edge.workstation import deploy_tasks, image_tasks, sim_tasks, verify_tasks


def add(chore: Chore, sage: Sage) -> None:
    """Add the chores of the model road and those around the fleet."""
    chores.add(chore, sage)
    sim_tasks.add(chore)
    deploy_tasks.add(chore)
    image_tasks.add(chore)
    verify_tasks.add(chore)
