"""`sage-edge model bench`: how fast a model answers here, and how that grows with its size."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import click

from sage_edge import files
from sage_edge.cli import bench_view
from sage_edge.cli.completion import models, offered
from sage_edge.cli.environment import json_option, log, paths, stop_on_signals
from sage_edge.cli.model_list import library
from sage_edge.cli.place import Place
from sage_edge.errors import LibraryMissing, UsageError
from sage_edge.hints import sage
from sage_edge.inventory.board_facts import available_memory
from sage_edge.models.resolve import ResolvedModel
from sage_edge.models.store.disk_space import require_free
from sage_edge.names import ModelRef

if TYPE_CHECKING:
    from sage_edge.bench.run import SpeedReport
    from sage_edge.bench.series import SizePoint

_BATCH = 128
"""Tokens that an engine evaluates between two looks at its deadline, as hosts declare it."""
_TEMPLATE_TOKENS = 256
"""Room for what a template puts around a prompt."""
_LEAST_ROOM = 1 << 30
"""Where nobody says how much memory is free."""


class _Lengths(click.ParamType):  # type: ignore[type-arg]
    """`16,256`: lengths of prompts in tokens."""

    name = "lengths"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, ...]:
        if isinstance(value, tuple):
            return value
        words = str(value).split(",")
        if not all(word.isdecimal() and word.isascii() and 1 <= int(word[:9]) <= 1 << 20 for word in words):
            self.fail(f"expected numbers of tokens like 16,256, got {value!r:.60}", param, ctx)
        return tuple(sorted({int(word) for word in words}))


@click.command("bench")
@click.argument("ref", required=False, shell_complete=offered(models))
@click.option("--series", type=click.Choice(["size"]), help="Measure the sizes that the seeds name, one by one.")
@click.option("--prompts", type=_Lengths(), default="16,256,1024,4096", metavar="TOKENS", help="Lengths, like 16,256.")
@click.option("--rounds", type=click.IntRange(1, 100), default=3, help="How often each length is asked; default: 3.")
@click.option("--tokens", type=click.IntRange(3, 4096), default=32, help="How many are drawn each time; default: 32.")
@click.option("--threads", type=click.IntRange(1, 1024), help="Of the processor; default: as the engine likes.")
@click.option("--gpu-layers", type=click.IntRange(-1), default=0, help="How many on the GPU; -1: all of them.")
@click.option("--memory", type=click.FloatRange(0.01), metavar="GB", help="What a model of the series may use.")
@click.option("--into", type=Place(file_okay=False, exists=True), metavar="DIR", help="Where the series writes models.")
@click.option("--plot", type=Place(dir_okay=False), metavar="FILE", help="Write the series as a picture (SVG), too.")
@json_option
def command(
    ref: str | None,
    series: str | None,
    prompts: tuple[int, ...],
    rounds: int,
    tokens: int,
    threads: int | None,
    gpu_layers: int,
    memory: float | None,
    into: Path | None,
    plot: Path | None,
    as_json: bool,
) -> None:
    """Measure how fast a model answers here: load, first token, tokens, memory.

    REF is a model of this machine. With --series size models of 0.5B to 14B parameters are made of random weights,
    since speed does not depend on values; what does not fit into memory is extrapolated from fewer layers, and says
    so. A contended run is marked; one that is faster than memory can be read fails.
    """
    from sage_edge.bench.run import measured
    from sage_edge.bench.speech import SpeakingPlan
    from sage_edge.engines import Settings

    if (ref is None) == (series is None):
        hint = (sage("model bench", "sage/seedling:q8_0"), ", or: ", sage("model bench", series="size"))
        raise UsageError("expected a model, or --series", hint=hint)
    stop, plan, root = stop_on_signals(), SpeakingPlan(prompts, rounds, tokens), paths().facts_root
    longest = max(prompts) + tokens + _TEMPLATE_TOKENS

    def measure(model: ResolvedModel) -> SpeedReport:
        settings = Settings(min(model.context_tokens, longest), _BATCH, threads, gpu_layers)
        kind = "llamacpp" if model.path.suffix == ".gguf" else "transformers"
        return measured(model, kind, settings, plan, root, stop)

    if ref is not None:
        model = library().resolve(_name(ref), memory_bytes=available_memory(root))
        bench_view.report(measure(model), as_json=as_json)
        return
    room = int(memory * 1e9) if memory else available_memory(root)
    view = _series_view()
    points = _series(room or _LEAST_ROOM, into, measure)
    if plot is not None:
        files.write_atomic(plot, view.picture(points))
    view.show(points, as_json=as_json)


def _name(ref: str) -> ModelRef:
    try:
        return ModelRef(ref)
    except ValueError as wrong:
        raise UsageError(str(wrong), hint=sage("model list")) from None


def _series_view() -> ModuleType:
    """Before anything is measured, since it needs more than an engine does."""
    try:
        from sage_edge.cli import bench_series_view
    except ModuleNotFoundError as missing:
        raise LibraryMissing(missing.name or "scipy", "analysis") from None
    return bench_series_view


def _series(
    memory_bytes: int, into: Path | None, measure: Callable[[ResolvedModel], SpeedReport]
) -> tuple[SizePoint, ...]:
    from sage_edge.bench import model_shapes
    from sage_edge.bench.series import largest_file, series

    with tempfile.TemporaryDirectory(prefix="sage-bench-", dir=into) as folder:
        needs = largest_file(model_shapes.SIZES, memory_bytes)
        require_free(folder, shutil.disk_usage(folder).free, needs, "the largest model of the series")
        return series(model_shapes.SIZES, memory_bytes, Path(folder), measure, log)
