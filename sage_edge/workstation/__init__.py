"""The workstation's chores for `tasks.py`: each parses, calls one function and prints.

Nothing heavy is imported before a chore runs: invoke loads this at every Tab.
"""

from __future__ import annotations

from sage_edge.workstation import demo_tasks, deploy_tasks, image_tasks, sim_tasks, sync_tasks, verify_tasks
from sage_edge.workstation.registry import Chore


def add(chore: Chore) -> None:
    """Add the chores around the fleet."""
    demo_tasks.add(chore)
    sim_tasks.add(chore)
    deploy_tasks.add(chore)
    image_tasks.add(chore)
    sync_tasks.add(chore)
    verify_tasks.add(chore)
