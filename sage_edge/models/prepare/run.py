"""Carries out the plan of a preparation, or its downloads alone.

Every stage ends with a name in the store (see `stage`), so a kill at any moment costs the stage that ran, and nothing
that was finished is done again. Only one process prepares a name; another one is told who does.

Work happens in `partial/prepare-…/`, on the file system of the blobs, so that keeping is renaming. A folder that a
killed process left there is removed by the next one that prepares the same name.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from sage_edge import files, hints
from sage_edge.errors import SageError
from sage_edge.models.errors import DoesNotFit, ModelWorkInterrupted
from sage_edge.models.lock import read_lock
from sage_edge.models.prepare import working_copies
from sage_edge.models.prepare.plan import PlannedStage, downloads, plan
from sage_edge.models.prepare.prepare_context import PrepareContext
from sage_edge.models.store import disk_space
from sage_edge.models.store.store import WORK, Store
from sage_edge.names import ModelRef


def prepare(ref: ModelRef, context: PrepareContext) -> tuple[PlannedStage, ...]:
    """Do what `plan` says, and return what was done; nothing where nothing is missing.

    Raises Locked while another process prepares it, NoDiskSpace and DoesNotFit before the first byte,
    ModelWorkInterrupted after a stop request, Unreachable, and what each stage raises. What was finished stays: the
    same call goes on there.
    """
    return _do_all(ref, context, lambda: _missing(ref, context))


def pull(ref: ModelRef, context: PrepareContext) -> tuple[PlannedStage, ...]:
    """Bring the files that a model is made from, make nothing and lock nothing; return what was done.

    Raises what `prepare` raises.
    """
    return _do_all(ref, context, lambda: downloads(_missing(ref, context)))


def _do_all(
    ref: ModelRef, context: PrepareContext, missing: Callable[[], tuple[PlannedStage, ...]]
) -> tuple[PlannedStage, ...]:
    if not missing():
        return ()
    with context.store.preparing(ref):
        todo = missing()
        _require_disk_and_memory(ref, todo, context)
        with workplace(ref, context.store) as folder:
            for number, step in enumerate(todo, start=1):
                context.log(f"{number}/{len(todo)} {step}")
                _carry_out(step, context, folder, ref, is_last=number == len(todo))
    return todo


def _carry_out(step: PlannedStage, context: PrepareContext, folder: Path, ref: ModelRef, *, is_last: bool) -> None:
    """Do one stage; what fails because a stop request also ended its processes is no failure of the stage."""
    failed: SageError | None = None
    try:
        with tempfile.TemporaryDirectory(dir=folder, ignore_cleanup_errors=True) as own:
            step.stage.run(context, Path(own))
    except SageError as refusal:
        refusal.hint = hints.filled(refusal.hint, "REF", ref)  # what lies below does not know whose part it makes
        working_copies.outlast(refusal, step.stage.card, context)
        failed = refusal
    if context.stop.is_set() and (failed is not None or not is_last):
        raise ModelWorkInterrupted(f"stopped at: {step}", hint="the same command goes on from there") from failed
    if failed is not None:
        raise failed


def _missing(ref: ModelRef, context: PrepareContext) -> tuple[PlannedStage, ...]:
    return plan(ref, context.cards, context.store, read_lock(context.fleet), home=context.home)


def _require_disk_and_memory(ref: ModelRef, todo: tuple[PlannedStage, ...], context: PrepareContext) -> None:
    """Refuse what disk or memory cannot hold, before anything is begun."""
    disk_space.require(context.store, sum(step.size_bytes for step in todo), f"preparing {ref}")
    has = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    for step in todo:
        if step.stage.peak_memory_bytes > has:
            raise DoesNotFit(str(step), step.stage.peak_memory_bytes, has)


@contextlib.contextmanager
def workplace(ref: ModelRef, store: Store) -> Iterator[Path]:
    """Make a folder for preparing a name, and remove what killed ones left. Only for who holds the name's lock."""
    mark = f"{WORK}{hashlib.sha256(ref.encode()).hexdigest()[:16]}-"
    files.make_folder(store.partial)
    for left in store.partial.glob(f"{mark}*"):
        shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=mark, dir=store.partial, ignore_cleanup_errors=True) as folder:
        yield Path(folder)
