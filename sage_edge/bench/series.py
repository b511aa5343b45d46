"""One model after another by size.

Each size is measured with random weights of its exact shape, all in Q8_0, so that size alone differs. One that does not
fit into memory is measured with 2, 3 and 4 of its layers: `seconds a token = a + b * layers` then says what all of them
would take, and is marked as an extrapolation.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import linear_regression

from sage_edge import files
from sage_edge.bench import random_weights, roofline
from sage_edge.bench.errors import Unextrapolated
from sage_edge.bench.model_shapes import FEW_LAYERS, NamedSize
from sage_edge.bench.run import SpeedReport
from sage_edge.models.inspect import shapes
from sage_edge.models.resolve import ResolvedModel, resolve
from sage_edge.names import ModelRef

REF = ModelRef("bench/random:q8_0")
ROOM = 1.25
"""So many times its weights a model may need, with context and program."""

MeasureModel = Callable[[ResolvedModel], SpeedReport]


@dataclass(frozen=True)
class SizePoint:
    """One size. billions: of parameters, of the whole model; extrapolated: from models of fewer layers."""

    name: str
    billions: float
    token_s: float
    extrapolated: bool
    reports: tuple[SpeedReport, ...]


def series(
    sizes: Sequence[NamedSize], memory_bytes: int, folder: Path, measure: MeasureModel, log: Callable[[str], None]
) -> tuple[SizePoint, ...]:
    """Return what each size takes, measured within so much memory.

    folder: where one model after another is written and taken away. log: gets a line for each.
    """
    return tuple(_point(size, memory_bytes, folder, measure, log) for size in sizes)


def needed_bytes(size: NamedSize) -> int:
    """Return how much memory a size takes, about."""
    return int(random_weights.weights_bytes(size.shape) * ROOM)


def largest_file(sizes: Sequence[NamedSize], memory_bytes: int) -> int:
    """Return the bytes of the largest file that the series will write."""
    return max(
        random_weights.weights_bytes(variant.shape) for size in sizes for variant in _variants(size, memory_bytes)
    )


def _point(
    size: NamedSize, memory_bytes: int, folder: Path, measure: MeasureModel, log: Callable[[str], None]
) -> SizePoint:
    reports = []
    variants = tuple(_variants(size, memory_bytes))
    for variant in variants:
        log(f"{variant.name}: {shapes.parameters(variant.shape):,} parameters, random weights")
        with_weights = shelved(folder, variant)
        try:
            reports.append(measure(resolve(REF, (folder,))))
        finally:
            with_weights.unlink()
    billions = (shapes.parameters(size.shape) or 0) / 1e9
    took = [report.token_s for report in reports]
    if len(variants) == 1:
        return SizePoint(size.name, billions, took[0], False, tuple(reports))
    each, fixed = linear_regression(FEW_LAYERS, took)
    if each <= 0 or fixed + each * size.shape.layers <= 0:
        raise Unextrapolated(size.name, took)
    token_s = fixed + each * size.shape.layers
    fastest = max(report.bandwidth for report in reports)
    roofline.roofline_share(1 / token_s, random_weights.token_bytes(size.shape), fastest)  # or it could not be so
    return SizePoint(size.name, billions, token_s, True, tuple(reports))


def _variants(size: NamedSize, memory_bytes: int) -> Iterator[NamedSize]:
    if needed_bytes(size) <= memory_bytes:
        yield size
    else:
        yield from map(size.of_layers, FEW_LAYERS)


def shelved(folder: Path, size: NamedSize) -> Path:
    """Write a model of random weights into a shelf, with its card, as `REF`; return the file."""
    home = folder / "random"
    files.make_folder(home)
    file = home / "random.gguf"
    random_weights.write(file, size.shape)
    template = hashlib.sha256(random_weights.TEMPLATE.encode()).hexdigest()
    (home / "card.yaml").write_text(
        f"format: 1\nref: {REF}\nfile: {file.name}\n"
        f"sha256: '{files.digest_file(file).removeprefix('sha256:')}'\nsize_bytes: {file.stat().st_size}\n"
        f"parameters: {shapes.parameters(size.shape)}\narchitecture: {size.shape.family}\n"
        f"context_length: {size.shape.context}\nchat_template_sha256: '{template}'\n"
        f"minimum_memory_bytes: {needed_bytes(size)}\nlicence: none\n"
        "what_it_is: random weights of an exact shape, for speed\nwhat_it_is_not: able to say anything\n",
        "utf-8",
    )
    return file
