"""The one registration: every task of this room, as the collection that invoke is given."""

from __future__ import annotations

import copy
import importlib
import pkgutil
import sys
from types import TracebackType

from invoke import Collection, Task

from sage_edge import workstation
from sage_edge.workstation.task import forget_output

MODULES = tuple(
    importlib.import_module(f"{workstation.__name__}.{module.name}")
    for module in pkgutil.iter_modules(workstation.__path__)
    if module.name.endswith("_tasks")
)
"""Every module of this room whose name ends in `_tasks`, by name: no other place lists them."""


def _without_reader(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Say nothing where invoke itself was printing help or a list, and its reader has gone; all else as before."""
    if issubclass(kind, BrokenPipeError):
        forget_output()
    else:
        sys.__excepthook__(kind, error, trace)


sys.excepthook = _without_reader

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
