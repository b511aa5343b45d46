"""The exact shapes of the sizes that the seeds name, each as its makers publish it (its config.json on the hub).

The counts of parameters are asserted by a test: 494,032,768 and 14,770,033,664 are facts M7's.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from sage_edge.models.inspect.dimensions import Dimensions

FEW_LAYERS = (2, 3, 4)
"""How many layers a model is measured with where all of them do not fit; time grows with each by the same."""


@dataclass(frozen=True)
class NamedSize:
    """One size of the series."""

    name: str
    shape: Dimensions

    def of_layers(self, layers: int) -> NamedSize:
        """Return the same width with so many layers."""
        return NamedSize(f"{self.name}, {layers} layers", replace(self.shape, layers=layers))


def _qwen(hidden: int, intermediate: int, layers: int, heads: int, kv_heads: int, head_size: int) -> Dimensions:
    is_small = hidden < 1024
    return Dimensions(
        family="qwen2",
        hidden=hidden,
        intermediate=intermediate,
        layers=layers,
        heads=heads,
        kv_heads=kv_heads,
        head_size=head_size,
        vocabulary=151_936 if is_small else 152_064,
        context=32_768,
        tied=is_small,
    )


SIZES = (
    NamedSize("0.5B", _qwen(896, 4864, 24, 14, 2, 64)),
    NamedSize("2.7B", Dimensions("phi", 2560, 10_240, 32, 32, 32, 80, 51_200, 2048, tied=False, rotary=32)),
    NamedSize("7B", _qwen(3584, 18_944, 28, 28, 4, 128)),
    NamedSize("14B", _qwen(5120, 13_824, 48, 40, 8, 128)),
)
"""Qwen2.5-0.5B, Phi-2, Qwen2.5-7B and Qwen2.5-14B, the smallest first."""
