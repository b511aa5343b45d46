"""The carrying out of a plan: from what the store holds to a locked model.

Every step ends with a name in the store (see `chain`), so a kill at any moment costs the step that ran, and nothing
that was finished is done again. Only one process prepares a name; another one is told who does.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from sage_edge import hints
from sage_edge.errors import SageError
from sage_edge.hints import sage
from sage_edge.models.download.ranges import ModelWorkInterrupted
from sage_edge.models.errors import DigestMismatch, DoesNotFit
from sage_edge.models.lock import changing, differences, entry, read_lock, write_lock
from sage_edge.models.prepare import stage_work
from sage_edge.models.prepare.estimates import peak_memory
from sage_edge.models.prepare.plan import StepPlan, downloads, plan
from sage_edge.models.prepare.prepare_context import PrepareContext
from sage_edge.models.prepare.stages import with_bases
from sage_edge.models.store import disk_space
from sage_edge.names import ModelRef


def prepare(ref: ModelRef, context: PrepareContext) -> tuple[StepPlan, ...]:
    """Do what `plan` says, and return what was done; nothing where nothing is missing.

    Raises Locked while another process prepares it, StorageError and DoesNotFit before the first byte,
    ModelWorkInterrupted after a stop request, Unreachable, and what each step raises. What was finished stays: the
    same call goes on there.
    """
    return _do_all(ref, context, lambda: _missing(ref, context))


def pull(ref: ModelRef, context: PrepareContext) -> tuple[StepPlan, ...]:
    """Bring the files that a model is made from, make nothing and lock nothing; return what was done.

    Raises what `prepare` raises.
    """
    return _do_all(ref, context, lambda: downloads(_missing(ref, context)))


def _do_all(
    ref: ModelRef, context: PrepareContext, missing: Callable[[], tuple[StepPlan, ...]]
) -> tuple[StepPlan, ...]:
    if not missing():
        return ()
    with context.store.preparing(ref):
        todo = missing()
        _demand_room(ref, todo, context)
        with stage_work.workplace(ref, context.store) as folder:
            for number, step in enumerate(todo, start=1):
                context.tell(f"{number}/{len(todo)} {step}")
                _carry_out(step, context, folder, ref)
    return todo


def _carry_out(step: StepPlan, context: PrepareContext, folder: Path, ref: ModelRef) -> None:
    """Do one step; what fails because a stop request also ended its processes is no failure of the step."""
    failed: SageError | None = None
    try:
        if step.stage is None:
            _lock(step.makes, context)
        else:
            stage_work.do(step.stage, context, folder)
    except SageError as refusal:
        refusal.hint = hints.filled(refusal.hint, "REF", ref)  # what lies below does not know whose part it makes
        failed = refusal
    if context.stop.is_set() and (failed is not None or step.stage is not None):
        raise ModelWorkInterrupted(f"stopped at: {step}", hint="the same command goes on from there") from failed
    if failed is not None:
        raise failed


def _missing(ref: ModelRef, context: PrepareContext) -> tuple[StepPlan, ...]:
    return plan(ref, context.cards, context.store, read_lock(context.fleet), home=context.home)


def _demand_room(ref: ModelRef, todo: tuple[StepPlan, ...], context: PrepareContext) -> None:
    """Refuse what disk or memory cannot hold, before anything is begun."""
    disk_space.require(context.store, sum(step.size_bytes for step in todo), f"preparing {ref}")
    has = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    if any(step.kind == "merge" for step in todo) and (most := peak_memory(context.cards[ref])) > has:
        raise DoesNotFit(f"merging {ref}", most, has)


def _lock(ref: ModelRef, context: PrepareContext) -> None:
    """Write the lines of a model and its bases that are missing: one that says otherwise is somebody's decision."""
    with changing(context.store.root):
        before = read_lock(context.fleet)
        made = [manifest for name in with_bases(ref, context.cards) if (manifest := context.store.manifest(name))]
        after = {**before, **{manifest.ref: entry(context.cards[manifest.ref], manifest) for manifest in made}}
        for name in (manifest.ref for manifest in made if manifest.ref in before):
            if before[name].manifest != after[name].manifest:
                raise DigestMismatch(
                    f"the manifest of {name}", before[name].manifest, after[name].manifest,
                    said_by="fleet/models.lock", hint=("if the one made here is meant: ", sage("model lock")),
                )  # fmt: skip
        if changes := differences(before, after):
            context.tell("\n".join(("fleet/models.lock:", *map(str, changes))))
            write_lock(context.fleet, after)
