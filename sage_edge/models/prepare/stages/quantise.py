"""The stage `quantise`: the matrices of a GGUF file with fewer bits."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from sage_edge.models.card import ModelCard, stem
from sage_edge.models.errors import ModelError
from sage_edge.models.manifest import Manifest
from sage_edge.models.prepare import estimates
from sage_edge.models.prepare.estimates import BYTES_EACH
from sage_edge.models.prepare.stage import MEASURED, StageCost, StepStage

if TYPE_CHECKING:
    from sage_edge.models.prepare.prepare_context import PrepareContext

_BLOCK = 256
KINDS = f"{MEASURED}kinds"
"""Where a listing says how many tensors hold what."""


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
        elif re.match(r"i?q\d+_k", kind) and hidden is not None and hidden % _BLOCK and card.mixture is None:
            # K-quants work in blocks of 256; narrower matrices silently fall back to other types (facts §3.1)
            why = f"{kind} needs rows of a multiple of {_BLOCK}, this model has {hidden}"
            how = "take q8_0 or q4_0, or say in `mixture` how many tensors become what"
            yield "quantisation", f"{why} (llama.cpp would fall back tensor by tensor); {how}"

    def recipe_words(self) -> tuple[str | None, ...]:
        return (self.card.quantisation,)

    def estimate(self, home: Path) -> StageCost:
        kind = self.card.quantisation or ""
        return estimates.product(self.card, BYTES_EACH.get(kind, 1.0), f"in {kind}", ns_each=12)

    def run(self, context: PrepareContext, folder: Path) -> Manifest:
        from sage_edge.models.prepare import gguf_tools, products

        kind = gguf_tools.kind(self.card.quantisation or "")
        source = products.gguf_of(products.needed(self.needs[0], context), context)
        out = gguf_tools.quantise(source, folder / products.file_name(self.card.ref, kind), kind, stop=context.stop)
        counts = _mixture(self.card, out, kind)
        context.log(f"  {self.part}: {counts}")
        listed = [products.keep(context.store, out, out.name)]
        return products.put(self, context, listed, container="gguf", tools={**gguf_tools.versions(), KINDS: counts})


def _mixture(card: ModelCard, file: Path, kind: str) -> str:
    """Return how many tensors hold what, after refusing what the card does not say. Raises ModelError."""
    from sage_edge.models.inspect import mixture, read_gguf

    header = read_gguf(file)
    counts, lost = mixture.count(header), mixture.fallen(header, kind)
    if card.mixture is not None and counts != card.mixture:
        raise ModelError(
            f"{card.ref} became {mixture.text(counts)}; its card says {mixture.text(card.mixture)}",
            hint=f"if that is meant, write it as `mixture` into fleet/models/{stem(card.ref)}.yaml",
        )
    if card.mixture is None and lost:
        written = ", ".join(f"{name}: {count}" for name, count in sorted(counts.items()))
        raise ModelError(
            f"{len(lost)} matrices of {card.ref}, first {lost[0]}, did not become {kind}: their rows fall back",
            hint=f"take q8_0 or q4_0; or write `mixture: {{{written}}}` into fleet/models/{stem(card.ref)}.yaml",
        )
    return mixture.text(counts)
