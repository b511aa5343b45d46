"""The carrying out of a plan: from what the store holds to a locked model.

Every step ends with a name in the store (see `chain`), so a kill at any moment costs the step that ran, and nothing
that was finished is done again. Only one process prepares a name; another one is told who does.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from sage_edge import locks
from sage_edge.errors import DigestMismatch, DoesNotFit, SageError, StorageError
from sage_edge.models import steps
from sage_edge.models.cards import Card, HubSource
from sage_edge.models.estimates import peak_memory
from sage_edge.models.lock import Entry, differences, read_lock, write_lock
from sage_edge.models.planning import StepPlan, plan
from sage_edge.models.transfer import Interrupted
from sage_edge.models.workshop import Workshop
from sage_edge.names import ModelRef

SPARE_BYTES = 64 << 20
"""What stays free on the disk beside the plan."""

_MB = 1_000_000
_LOCK_WAIT_S = 10.0


def prepare(ref: ModelRef, shop: Workshop) -> tuple[StepPlan, ...]:
    """Do what `plan` says, and return what was done; nothing where nothing is missing.

    Raises Locked while another process prepares it, StorageError and DoesNotFit before the first byte, Interrupted
    after a stop request, Unreachable, and what each step raises. What was finished stays: the same call goes on there.
    """
    if not _missing(ref, shop):
        return ()
    with shop.store.preparing(ref):
        todo = _missing(ref, shop)
        _demand_room(ref, todo, shop)
        with steps.room(ref, shop.store) as room:
            for number, step in enumerate(todo, start=1):
                shop.tell(f"{number}/{len(todo)} {step}")
                _carry_out(step, shop, room)
    return todo


def _carry_out(step: StepPlan, shop: Workshop, room: Path) -> None:
    """Do one step; what fails because a stop request also ended its processes is no failure of the step."""
    failed: SageError | None = None
    try:
        if step.stage is None:
            _lock(step.makes, shop)
        else:
            steps.do(step.stage, shop, room)
    except SageError as refusal:
        failed = refusal
    if shop.stop.is_set() and (failed is not None or step.stage is not None):
        raise Interrupted(f"stopped at: {step}", hint="the same command goes on from there") from failed
    if failed is not None:
        raise failed


def _missing(ref: ModelRef, shop: Workshop) -> tuple[StepPlan, ...]:
    return plan(ref, shop.cards, shop.store, read_lock(shop.fleet), home=shop.home)


def _demand_room(ref: ModelRef, todo: tuple[StepPlan, ...], shop: Workshop) -> None:
    """Refuse what disk or memory cannot hold, before anything is begun."""
    needs = sum(step.size_bytes for step in todo)
    free = shutil.disk_usage(_existing(shop.store.root)).free
    if needs and needs + SPARE_BYTES > free:
        told = f"preparing {ref} takes {needs // _MB} MB, {free // _MB} MB are free"
        raise StorageError(str(shop.store.root), f"{told} and {SPARE_BYTES // _MB} MB of them must stay so")
    has = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    if any(step.kind == "merge" for step in todo) and (most := peak_memory(shop.cards[ref])) > has:
        raise DoesNotFit(f"merging {ref}", most, has)


def _existing(folder: Path) -> Path:
    return folder if folder.exists() else _existing(folder.parent)


def _lock(ref: ModelRef, shop: Workshop) -> None:
    """Write the name's line, if it has none: one that says otherwise is somebody's decision, and stays."""
    manifest = shop.store.manifest(ref)
    if manifest is None:
        raise RuntimeError(f"{ref} is to be locked before it is made")
    with locks.hold(shop.store.root / "locks" / "models.lock", "fleet/models.lock", wait_s=_LOCK_WAIT_S):
        before = read_lock(shop.fleet)
        after = {**before, ref: Entry(manifest.digest(), _revision(shop.cards[ref]))}
        if ref in before and before[ref].manifest != after[ref].manifest:
            raise DigestMismatch(
                f"the manifest of {ref}", before[ref].manifest, after[ref].manifest, said_by="fleet/models.lock",
                hint="if the one made here is meant: sage-edge model lock",
            )  # fmt: skip
        if changes := differences(before, after):
            shop.tell("\n".join(("fleet/models.lock:", *map(str, changes))))
            write_lock(shop.fleet, after)


def _revision(card: Card) -> str | None:
    return card.source.revision if isinstance(card.source, HubSource) else None
