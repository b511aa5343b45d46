"""The stage `parity`: what was converted and quantised is held against the model that it was made from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sage_edge.models.manifest import Manifest
from sage_edge.models.prepare import estimates
from sage_edge.models.prepare.stage import MEASURED, ModelStage, StageCost, StepStage

if TYPE_CHECKING:
    from sage_edge.models.prepare.prepare_context import PrepareContext


class ParityStage(ModelStage):
    """The last product under another name, with how it compares. inputs: the original, then each product to judge."""

    name, part = "parity", "compared"

    def estimate(self, home: Path) -> StageCost:
        return estimates.check(self.card, "64 prompts and 200 texts", ns_each=410)

    def run(self, context: PrepareContext, folder: Path) -> Manifest:
        from sage_edge.models.prepare import gguf_tools, parity, products

        judged = [stage for stage in self.inputs[1:] if isinstance(stage, StepStage)]
        original = products.weights_of(products.needed(self.needs[0], context), context, folder / "original")
        if any(stage.is_held_against_f32 for stage in judged):
            original = gguf_tools.widen(original, folder / "widened.gguf", stop=context.stop)
        files = [
            products.weights_of(products.needed(stage.makes, context), context, folder / stage.part) for stage in judged
        ]
        results = parity.compare(original, files, threads=context.threads, stop=context.stop)
        measured = {}
        for stage, result in zip(judged, results, strict=True):
            context.log(f"  {stage.part}: {result}")
            parity.judge(result, f"{self.card.ref} ({stage.part})", exact=stage.is_exact)
            measured[f"{MEASURED}{stage.part}"] = str(result)
        return products.put_again(self, context, measured)
