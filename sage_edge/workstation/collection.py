"""The one registration: every task of this room, as the collection that invoke is given."""

from __future__ import annotations

import copy
import sys

from invoke import Collection, Task

from sage_edge.workstation import (
    bench_tasks,
    demo_tasks,
    deploy_tasks,
    dev_tasks,
    findings_tasks,
    image_tasks,
    lock_tasks,
    seedling_tasks,
    sim_tasks,
    status_tasks,
    sync_tasks,
    verify_tasks,
)

_HERE = (bench_tasks, demo_tasks, dev_tasks, findings_tasks, lock_tasks, seedling_tasks)
_ELSEWHERE = (deploy_tasks, image_tasks, sim_tasks, status_tasks, sync_tasks, verify_tasks)
MODULES = (*_HERE, *_ELSEWHERE)
"""Development on this machine, and what reaches others."""


if "--complete" in sys.argv:  # a Tab, and nothing else, needs it
    from sage_edge.workstation import completion

    completion.install()


def collection() -> Collection:
    """Return a new collection: the tasks of a module with GROUP below that name, all others at the top."""
    root = Collection()
    for module in MODULES:
        group = Collection(module.GROUP) if hasattr(module, "GROUP") else root
        for task in vars(module).values():
            if isinstance(task, Task):
                own = copy.copy(task)
                own.help = dict(task.help)  # invoke empties it when it parses
                group.add_task(own)
        if group is not root:
            root.add_collection(group)
    return root
