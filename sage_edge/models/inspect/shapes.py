"""Which tensors a model must have and of which shape, held against what its weight files declare.

A plan maps a tensor's name to its shape as the format writes it: safetensors (rows, columns), GGUF (columns, rows). It
follows from the model's dimensions and its architecture (`architectures`), and from how AWQ packs matrices.
Source of the packing: AutoAWQ's WQLinear_GEMM (8 numbers of 4 bits in one I32, along the outputs).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from sage_edge.models.inspect import Tensor, architectures
from sage_edge.models.inspect.architectures import Architecture, ArchitecturePart, Direction
from sage_edge.models.inspect.dimensions import Dimensions
from sage_edge.models.manifest import ModelContainer

TensorShape = tuple[int, ...]
_MOST_NAMED = 3


@dataclass(frozen=True)
class ExpectedTensors:
    """Tensors that must be there, and those that may."""

    needed: dict[str, TensorShape] = field(default_factory=dict)
    optional: dict[str, TensorShape] = field(default_factory=dict)


@dataclass(frozen=True)
class Packing:
    """AWQ: `bits` a number, one scale for `group` inputs."""

    bits: int
    group: int


def sizes(d: Dimensions) -> Mapping[Direction, int]:
    """Return how large each direction of a tensor is, in numbers."""
    queries, keys = d.heads * d.head_size, d.kv_heads * d.head_size
    return {
        "hidden": d.hidden,
        "intermediate": d.intermediate,
        "vocabulary": d.vocabulary,
        "queries": queries,
        "keys": keys,
        "query_key_value": queries + 2 * keys,
        "gate_up": 2 * d.intermediate,
        "head_size": d.head_size,
        "half_rotary": (d.rotary or d.head_size) // 2,
    }


def plan(dimensions: Dimensions, container: ModelContainer, packing: Packing | None = None) -> ExpectedTensors | None:
    """Return what a model of these dimensions must hold; None for an architecture that is unknown here."""
    if (architecture := architectures.in_config(dimensions.family)) is None:
        return None
    wanted, known = ExpectedTensors(), sizes(dimensions)
    for prefix, part in _parts(architecture, dimensions, container):
        tensors = dict(_tensors(part, prefix, container, known, dimensions.switches))
        (wanted.optional if part.is_optional else wanted.needed).update(tensors)
    _head(architecture, dimensions, container, wanted)
    if container == "gguf":
        wanted.optional.update(_scales(wanted.needed))
    return wanted if packing is None else ExpectedTensors(_packed(wanted.needed, packing), wanted.optional)


def parameters(dimensions: Dimensions) -> int | None:
    """Return how many numbers a model of these dimensions has, however they are packed; None for an unknown one."""
    wanted = plan(dimensions, "safetensors")
    return None if wanted is None else sum(math.prod(shape) for shape in wanted.needed.values())


def _parts(
    architecture: Architecture, d: Dimensions, container: ModelContainer
) -> Iterator[tuple[str, ArchitecturePart]]:
    """Each tensor's prefix and part, layer by layer, in the order of the declaration."""
    yield from (("", part) for part in architecture.ends)
    layers = "blk" if container == "gguf" else "model.layers"
    for layer in range(d.layers):
        yield from ((f"{layers}.{layer}.", part) for part in architecture.layer)


def _tensors(
    part: ArchitecturePart,
    prefix: str,
    container: ModelContainer,
    known: Mapping[Direction, int],
    switches: frozenset[str],
) -> Iterator[tuple[str, TensorShape]]:
    """The part's tensor and its bias, as far as this model has them."""
    name = part.gguf if container == "gguf" else part.config
    if name is None or (part.when and part.when not in switches) or (part.unless and part.unless in switches):
        return
    shape = tuple(known[direction] for direction in part.size)
    yield f"{prefix}{name}{part.ending}", shape[::-1] if container == "gguf" else shape
    if part.bias is True or part.bias in switches:
        yield f"{prefix}{name}.bias", shape[:1]


def _head(architecture: Architecture, d: Dimensions, container: ModelContainer, wanted: ExpectedTensors) -> None:
    """The output matrix: a model of its own may lack it where it is the embedding."""
    if container == "gguf" and architecture.head_in_gguf == "never":
        return
    is_needed = architecture.head_in_gguf == "needed" if container == "gguf" else not d.tied
    for name, shape in _tensors(architecture.head, "", container, sizes(d), d.switches):
        (wanted.needed if is_needed or name.endswith(".bias") else wanted.optional)[name] = shape


def _scales(needed: Mapping[str, TensorShape]) -> dict[str, TensorShape]:
    """One number beside each matrix of a layer, by which llama.cpp scales it or its inputs: of NVFP4, for instance."""
    stems = [name.removesuffix(".weight") for name, shape in needed.items() if name.startswith("blk.") and shape[1:]]
    return {f"{stem}.{kind}": (1,) for stem in stems for kind in ("scale", "input_scale")}


def _packed(needed: Mapping[str, TensorShape], packing: Packing) -> dict[str, TensorShape]:
    """AWQ's tensors in the place of each matrix of a layer; embeddings, norms and the head stay."""
    shapes: dict[str, TensorShape] = {}
    for name, shape in needed.items():
        if ".layers." not in name or len(shape) != 2:
            shapes[name] = shape
            continue
        (rows, columns), stem = shape, name.removesuffix(".weight")
        words = rows * packing.bits // 32
        shapes |= {
            f"{stem}.qweight": (columns, words),
            f"{stem}.qzeros": (columns // packing.group, words),
            f"{stem}.scales": (columns // packing.group, rows),
        }
    return shapes


def disagreements(wanted: ExpectedTensors, tensors: Mapping[str, Tensor]) -> tuple[str, ...]:
    """Say where the tensors are not those of the plan, in at most three sentences of each kind."""
    known = {**wanted.optional, **wanted.needed}
    wrong = [
        f"{name} has the shape {list(tensor.shape)}, its config says {list(known[name])}"
        for name, tensor in tensors.items()
        if name in known and tensor.shape != known[name]
    ]
    absent = [f"the tensor {name} is missing" for name in wanted.needed if name not in tensors]
    foreign = [f"the tensor {name[:80]} does not belong to this family" for name in tensors if name not in known]
    return (*_some(wrong), *_some(absent), *_some(foreign))


def _some(sentences: list[str]) -> list[str]:
    more = len(sentences) - _MOST_NAMED
    return sentences[:_MOST_NAMED] + ([f"… and {more} more such tensors"] if more > 0 else [])
