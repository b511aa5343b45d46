"""What has to be sent so that a board's store holds a model, and what a model was merged from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sage_edge.model_sync.board_store import BoardStore
from sage_edge.models.manifest import ListedFile, Manifest
from sage_edge.models.prepare.stages import is_part
from sage_edge.names import ModelRef


@dataclass(frozen=True)
class SyncPlan:
    """What a store lacks of a model: whole files, of which `resumed_bytes` have arrived before; `names`: its name."""

    missing: tuple[ListedFile, ...]
    resumed_bytes: int
    names: bool

    @property
    def send_bytes(self) -> int:
        """Bytes that have to cross the wire."""
        return sum(file.size_bytes for file in self.missing) - self.resumed_bytes


def plan(manifest: Manifest, there: BoardStore) -> SyncPlan:
    """Return what has to be done so that a store holds this model; no file and no name: nothing."""
    missing = there.missing(manifest)
    resumed = sum(min(there.parts.get(file.digest, 0), file.size_bytes) for file in missing)
    return SyncPlan(missing, resumed, not there.has(manifest))


@dataclass(frozen=True)
class Lineage:
    """What a model was merged from, as this machine's store knows it."""

    base: Manifest
    adapter: Manifest


def lineage(manifest: Manifest, known: Mapping[ModelRef, Manifest]) -> Lineage | None:
    """Return a model's base and adapter, or None when its parents do not name exactly one of each that is known here.

    Parents are all that it was made from: intermediate products, and what its base was made from, do not count.
    """
    by_digest = {other.digest(): other for other in known.values() if not is_part(other.ref) or _is_adapter(other)}
    parents = [by_digest[digest] for digest in manifest.parents if digest in by_digest]
    older = {digest for parent in parents for digest in parent.parents}
    nearest = [parent for parent in parents if parent.digest() not in older]
    adapters = [parent for parent in nearest if _is_adapter(parent)]
    bases = [parent for parent in nearest if not _is_adapter(parent)]
    return Lineage(bases[0], adapters[0]) if len(adapters) == len(bases) == 1 else None


def _is_adapter(manifest: Manifest) -> bool:
    return bool(manifest.of_role("adapter")) and not manifest.of_role("weights")
