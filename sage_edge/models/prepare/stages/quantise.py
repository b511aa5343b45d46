"""The stage `quantise`: the matrices of a GGUF file with fewer bits."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from sage_edge.models.card import ModelCard, stem
from sage_edge.models.errors import ModelError
from sage_edge.models.manifest import Manifest
from sage_edge.models.prepare import estimates
from sage_edge.models.prepare.estimates import BYTES_EACH
from sage_edge.models.prepare.stage import StageCost, StepStage
from sage_edge.names import ModelRef

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
        out = gguf_tools.quantise(source, folder / products.file_name(self.card.ref, kind), kind)
        if self.card.mixture is not None:
            _require_mixture(self.card.ref, self.card.mixture, out)
        listed = [products.keep(context.store, out, out.name)]
        return products.put(self, context, listed, container="gguf", tools=gguf_tools.versions())


def _require_mixture(ref: ModelRef, wanted: Mapping[str, int], file: Path) -> None:
    """Raise ModelError where a file's tensors are of other kinds than its card says."""
    from sage_edge.models.inspect import read_gguf

    counts = Counter(tensor.kind for tensor in read_gguf(file).tensors.values())
    if dict(counts) != dict(wanted):
        raise ModelError(
            f"{ref} became {_listed(counts)}; its card says {_listed(wanted)}",
            hint=f"if that is meant, write it as `mixture` into fleet/models/{stem(ref)}.yaml",
        )


def _listed(mixture: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {kind}" for kind, count in sorted(mixture.items()))
