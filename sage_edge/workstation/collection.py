"""The one registration: every task of this room, as the collection that invoke is given."""

from __future__ import annotations

import copy
import importlib
import pkgutil
import sys

from invoke import Collection, Task

from sage_edge import output, shell, workstation
from sage_edge.workstation import usage

MODULES = tuple(
    importlib.import_module(f"{workstation.__name__}.{module.name}")
    for module in pkgutil.iter_modules(workstation.__path__)
    if module.name.endswith("_tasks")
)
"""Every module of this room whose name ends in `_tasks`, by name: no other place lists them."""


shell.own_children()
output.keep()  # before invoke prints: who reads its lists may leave
usage.install()  # before it reads the words that name a task

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
