"""The stage `quantise`: the matrices of a GGUF file with fewer bits."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from sage_edge.models.card import ModelCard
from sage_edge.models.manifest import Manifest
from sage_edge.models.prepare import estimates
from sage_edge.models.prepare.estimates import BYTES_EACH
from sage_edge.models.prepare.stage import StageCost, StepStage

if TYPE_CHECKING:
    from sage_edge.models.prepare.prepare_context import PrepareContext

_BLOCK = 256


class QuantiseStage(StepStage):
    """`{quantise: q8_0}`; the bare name means the card's own `quantisation`."""

    name, part = "quantise", "quantised"
    parameter = str | None
    takes, gives = "gguf", "gguf"
    is_exact = False

    @classmethod
    def faults(cls, card: ModelCard) -> Iterator[tuple[str, str]]:
        step = next((step for step in card.steps if step.name == cls.name), None)
        if step is None:
            return
        kind, hidden = card.quantisation, card.hidden_size
        if kind is None:
            yield "steps", "quantise needs its kind, like {quantise: q8_0}"
        elif step.value not in (None, kind):
            yield "quantisation", f"the step says {step.value}, got {kind}"
        elif re.match(r"i?q\d+_k", kind) and hidden is not None and hidden % _BLOCK:
            # K-quants work in blocks of 256; narrower matrices silently fall back to other types (facts §3.1)
            why = f"{kind} needs rows of a multiple of {_BLOCK}, this model has {hidden}"
            yield "quantisation", f"{why} (llama.cpp would fall back tensor by tensor); take q8_0 or q4_0"

    def recipe_words(self) -> tuple[str | None, ...]:
        return (self.card.quantisation,)

    def estimate(self, home: Path) -> StageCost:
        kind = self.card.quantisation or ""
        return estimates.product(self.card, BYTES_EACH.get(kind, 1.0), f"in {kind}", ns_each=12)

    def run(self, context: PrepareContext, folder: Path) -> Manifest:
        from sage_edge.models.prepare import gguf_tools, products

        kind = gguf_tools.kind(self.card.quantisation or "")
        source = products.gguf_of(products.needed(self.needs[0], context), context)
        out = gguf_tools.quantise(source, folder / products.file_name(self.card.ref, kind), kind)
        listed = [products.keep(context.store, out, out.name)]
        return products.put(self, context, listed, container="gguf", tools=gguf_tools.versions())
