"""The stage `lock`: `fleet/models.lock` says which bytes the names of a model and its bases mean."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sage_edge.hints import sage
from sage_edge.models.card import with_bases
from sage_edge.models.errors import DigestMismatch
from sage_edge.models.lock import changing, differences, entry, read_lock, write_lock
from sage_edge.models.manifest import Manifest
from sage_edge.models.prepare.stage import ModelStage, StageCost

if TYPE_CHECKING:
    from sage_edge.models.prepare.prepare_context import PrepareContext


class LockStage(ModelStage):
    """The lines that are missing: one that says otherwise is somebody's decision."""

    name = "lock"

    def estimate(self, home: Path) -> StageCost:
        return StageCost(0, 0.0, "lines of fleet/models.lock")

    def run(self, context: PrepareContext, folder: Path) -> Manifest:
        from sage_edge.models.prepare import products

        cards, store = context.cards, context.store
        with changing(store.root):
            before = read_lock(context.fleet)
            names = with_bases(self.makes, cards)
            manifests = [manifest for name in names if (manifest := store.manifest(name))]
            after = {**before, **{manifest.ref: entry(cards[manifest.ref], manifest) for manifest in manifests}}
            for name in (manifest.ref for manifest in manifests if manifest.ref in before):
                if before[name].manifest != after[name].manifest:
                    raise DigestMismatch(
                        f"the manifest of {name}",
                        before[name].manifest,
                        after[name].manifest,
                        said_by="fleet/models.lock",
                        hint=("if the one made here is meant: ", sage("model lock")),
                    )
            if changes := differences(before, after):
                context.log("\n".join(("fleet/models.lock:", *map(str, changes))))
                write_lock(context.fleet, after)
        return products.needed(self.makes, context)
