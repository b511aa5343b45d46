"""The stage `smoke`: the finished model answers once, and gets its name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sage_edge.models.manifest import Manifest
from sage_edge.models.prepare import estimates
from sage_edge.models.prepare.stage import MEASURED, ModelStage, StageCost
from sage_edge.models.prepare.stages.convert import ConvertStage

if TYPE_CHECKING:
    from sage_edge.models.prepare.prepare_context import PrepareContext


class SmokeStage(ModelStage):
    """The last product under the model's own name."""

    name = "smoke"

    def estimate(self, home: Path) -> StageCost:
        return estimates.check(self.card, "the same file, named again", ns_each=25)

    def run(self, context: PrepareContext, folder: Path) -> Manifest:
        from sage_edge.models.prepare import products, smoke, sources

        card, last = self.card, products.needed(self.needs[0], context)
        sources.look(products.looked_at(last, context), card, is_adapter=False, is_finished=True)
        result = smoke.ask(products.weights_of(last, context, folder / "asked"), card.ref, stop=context.stop)
        is_own = any(isinstance(stage, ConvertStage) for stage in self.before())
        smoke.judge(result, card.ref, card.chat_template, own=is_own)
        measured = {f"{MEASURED}smoke": f"answers a prompt of {result.prompt_tokens} tokens"}
        return products.put_again(self, context, measured, template=result.template)
