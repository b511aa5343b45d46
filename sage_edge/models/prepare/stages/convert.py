"""The stage `convert`: safetensors become GGUF."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from sage_edge.models.manifest import Manifest
from sage_edge.models.prepare import estimates
from sage_edge.models.prepare.estimates import BYTES_EACH
from sage_edge.models.prepare.stage import StageCost, StepStage

if TYPE_CHECKING:
    from sage_edge.models.prepare.prepare_context import PrepareContext


class ConvertStage(StepStage):
    """A folder of safetensors as one GGUF file, in f32 or f16."""

    name, part = "convert", "converted"
    takes, gives = "safetensors", "gguf"

    @property
    def precision(self) -> Literal["f32", "f16"]:
        """f16 only where that is wanted, so that nothing is rounded twice."""
        return "f16" if self.card.quantisation == "f16" else "f32"

    def recipe_words(self) -> tuple[str | None, ...]:
        return (self.precision,)

    def estimate(self, home: Path) -> StageCost:
        return estimates.product(self.card, BYTES_EACH[self.precision], f"in {self.precision}", ns_each=20)

    def run(self, context: PrepareContext, folder: Path) -> Manifest:
        from sage_edge.models.prepare import gguf_tools, own_files, products, smoke

        ref = self.card.ref
        source = own_files.view(products.needed(self.needs[0], context), context.store, folder / "source")
        out = gguf_tools.convert(
            source,
            folder / products.file_name(ref, self.precision),
            name=ref,
            cache=context.tools,
            precision=self.precision,
            pre_tokenizer=gguf_tools.pre_tokenizer(source),
            keys={smoke.MODEL_KEY: ref},
            stop=context.stop,
        )
        listed = [products.keep(context.store, out, out.name)]
        return products.put(self, context, listed, container="gguf", tools=gguf_tools.versions())
