"""The stage `dequantise`: a GGUF file becomes safetensors in f32, for training and merging."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from sage_edge.models.card import ModelCard
from sage_edge.models.manifest import Manifest
from sage_edge.models.prepare import estimates
from sage_edge.models.prepare.stage import StageCost, StepStage

if TYPE_CHECKING:
    from sage_edge.models.prepare.prepare_context import PrepareContext


class DequantiseStage(StepStage):
    """The numbers that llama.cpp computes from a GGUF file, in f32."""

    name, part = "dequantise", "dequantised"
    takes, gives = "gguf", "safetensors"
    is_held_against_f32 = True

    @classmethod
    def faults(cls, card: ModelCard) -> Iterator[tuple[str, str]]:
        is_named = any(step.name == cls.name for step in card.steps)
        if is_named and card.container == "safetensors" and card.quantisation != "f32":
            yield "quantisation", f"dequantise makes f32, got {card.quantisation}"

    @property
    def peak_memory_bytes(self) -> int:
        """Everything in f32 twice, and 1 GB beside."""
        return 8 * self.card.parameters + 1_000_000_000

    def estimate(self, home: Path) -> StageCost:
        return estimates.product(self.card, 4.0, "in f32", ns_each=150)

    def run(self, context: PrepareContext, folder: Path) -> Manifest:
        from sage_edge.models.prepare import dequantise, products

        source = products.gguf_of(products.needed(self.needs[0], context), context)
        report = dequantise.dequantise(source, folder / "dequantised", stop=context.stop)
        listed = products.keep_all(context.store, folder / "dequantised")
        return products.put(self, context, listed, container="safetensors", tools=report.tools)
