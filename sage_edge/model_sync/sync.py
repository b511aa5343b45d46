"""Copy a model from this machine's store to a board's, or from board to board through this one.

Both ends of the wire are machines of ours: a board that `invoke provision` prepared, with this checkout's helper, which
lists, hashes and names; rsync carries the bytes. A host without the helper is refused (NotReady).

    taking   look ──► rsync into our partial/sync/ ──► hashed, kept ──► the name, last       only with a source host
    giving   look ──► plan ──► rsync into its partial/sync/ ──► hashed there, kept ──► the name, last
               └── the very same model is there: nothing to do, one connection and one command

What is interrupted leaves no name, and the next run sends what is still missing. fleet/models.lock is held against the
manifest before anything is sent; a name that it does not hold may be carried, and stays unlocked.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sage_edge import locks
from sage_edge.model_sync import pull, push
from sage_edge.models.errors import ModelNotFound
from sage_edge.models.lock import read_lock
from sage_edge.models.manifest import Manifest
from sage_edge.models.store.store import Store
from sage_edge.names import Digest, HostName, ModelRef
from sage_edge.remote.ssh.client import connect

How = Literal["was there", "sent the files", "sent the adapter, merged there"]
Says = Callable[[str, int, int], None]
"""Hears what is going on: words, bytes in all, bytes that have arrived."""


@dataclass(frozen=True)
class SyncOrder:
    """What to carry. `source` None: from this machine's store. limit: bytes a second, None for no limit.

    merge_there: whether an adapter may travel in place of the merged files. addresses: the folder with ssh_config and
    known_hosts, where an overlay lies over the fleet; None: the fleet's own.
    """

    ref: ModelRef
    host: HostName
    source: HostName | None = None
    limit: int | None = None
    merge_there: bool = True
    addresses: Path | None = None


@dataclass(frozen=True)
class Carried:
    """What happened. files: as many were sent; crossed_bytes: over the wire, both ways, without the SSH around them;
    why: why the files went although only an adapter is new."""

    ref: ModelRef
    host: HostName
    manifest: Digest
    how: How
    files: int
    crossed_bytes: int
    seconds: float
    why: str


def sync(order: SyncOrder, fleet: Path, store: Store, says: Says) -> Carried:
    """Copy a model to a host's store and return what happened.

    Raises ModelNotFound and ModelIncomplete (where it comes from), DigestMismatch (the lock; or bytes that arrive wrong
    twice), NoDiskSpace, NoRsync, NotReady (a host without our helper), BoardLocked and Locked, Unreachable, and what
    `connect` raises.
    """
    began, crossed = time.monotonic(), 0
    if order.source is not None:
        crossed += bring(order.ref, order.source, fleet, store, says, order.limit, addresses=order.addresses)
    manifest = store.manifest(order.ref)
    if manifest is None:
        raise ModelNotFound(order.ref, store.refs())
    pull.agree(manifest, read_lock(fleet), "this machine")
    with _alone(store, order.host), connect(order.addresses or fleet, order.host) as remote:
        delivery = push.Delivery(remote, store, order.limit, says)
        how, why = delivery.deliver(manifest, merge_there=order.merge_there)
    seconds = time.monotonic() - began
    return Carried(
        order.ref, order.host, manifest.digest(), how, delivery.files, crossed + delivery.crossed, seconds, why
    )


def bring(
    ref: ModelRef,
    source: HostName,
    fleet: Path,
    store: Store,
    says: Says,
    limit: int | None = None,
    *,
    addresses: Path | None = None,
) -> int:
    """Copy a model from a host's store into this machine's, and return the bytes that crossed the wire, both ways.

    Raises NotThere, ModelIncomplete, DigestMismatch, NoDiskSpace, NoRsync, NotReady, Locked, Unreachable, and what
    `connect` raises.
    """
    with store.writing():
        manifest, crossed = fetch(ref, source, fleet, store, says, limit, addresses=addresses)
        held = store.manifest(ref)
        if held is None or held.digest() != manifest.digest():
            store.put(manifest)
    return crossed


def fetch(
    ref: ModelRef,
    source: HostName,
    fleet: Path,
    store: Store,
    says: Says,
    limit: int | None = None,
    *,
    addresses: Path | None = None,
) -> tuple[Manifest, int]:
    """Have the bytes of a host's model in this machine's store, and return its listing and what crossed the wire.

    It gets no name yet, so only for whoever holds the store for adding meanwhile. Raises as `bring` does.
    """
    with _alone(store, source), connect(addresses or fleet, source) as remote:
        return pull.take(remote, ref, store, read_lock(fleet), limit, says)


def _alone(store: Store, host: HostName) -> AbstractContextManager[None]:
    """One copy at a time between this store and a host; it spares work, correctness does not rest on it."""
    return locks.hold(store.partial / f"sync-{host}.lock", f"the copy of models between here and {host}")
