"""A shelf with a model of random weights (`sage_edge.bench.random_weights`) of any Qwen2 shape, tiny ones for tests."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

from sage_edge.bench import random_weights, series
from sage_edge.bench.model_shapes import NamedSize
from sage_edge.models.inspect import shapes
from sage_edge.models.inspect.dimensions import Dimensions

TEMPLATE = random_weights.TEMPLATE


@dataclass(frozen=True)
class Shape:
    """Dimensions of a Qwen2 model with tied embeddings."""

    hidden: int
    intermediate: int
    layers: int
    heads: int
    kv_heads: int
    vocabulary: int
    context: int

    @property
    def dimensions(self) -> Dimensions:
        """As the model road has it."""
        return Dimensions("qwen2", **asdict(self), head_size=self.hidden // self.heads)

    @property
    def parameters(self) -> int:
        """How many numbers it holds."""
        return shapes.parameters(self.dimensions) or 0


QWEN_HALF_BILLION = Shape(896, 4864, 24, 14, 2, 151_936, 32_768)
"""Qwen2.5-0.5B, facts §3.1: 494,032,768 parameters."""


def write(path: Path, shape: Shape, seed: int = 1) -> None:
    """Write the model; about 8.5 bits per parameter."""
    random_weights.write(path, shape.dimensions, seed, TEMPLATE)


def shelf(folder: Path, shape: Shape = QWEN_HALF_BILLION) -> Path:
    """Make a shelf that holds one such model under `bench/random:q8_0`, and return it."""
    if not (folder / "random" / "random.gguf").exists():
        series.shelved(folder, NamedSize("random", shape.dimensions))
    return folder
