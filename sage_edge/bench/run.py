"""All that is measured of one model: bandwidth, load, first tokens, tokens, memory, and whether it may be believed.

What loading takes holds the check of the model's digest. The peak of memory is the process's own, from the start of
this run on. A contended run is whole, but nobody should publish it.
"""

from __future__ import annotations

import contextlib
import re
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sage_edge.bench import bandwidth, roofline
from sage_edge.bench.contention import Contention, ContentionWatch
from sage_edge.bench.errors import NothingDrawn
from sage_edge.bench.machine_state import MachineState, machine_state
from sage_edge.bench.quantiles import Quantiles, quantiles
from sage_edge.bench.speech import Heard, PromptKind, Speaker, SpeakingPlan, lengths
from sage_edge.engines import Engine, Settings, open_engine
from sage_edge.models.inspect import architectures, dimensions, read_gguf, shapes
from sage_edge.models.inspect.dimensions import MissingDimension
from sage_edge.models.resolve import ResolvedModel

_ON_GPU = "the bandwidth is that of the processor's memory, and layers are on a GPU"
_PEAK = re.compile(r"^VmHWM:\s+(\d{1,12}) kB$", re.MULTILINE)
_FORGET_PEAK = "5"
"""Written to `clear_refs`, it lets the peak begin anew (proc(5))."""


@dataclass(frozen=True)
class FirstTokens:
    """Seconds to the first token. tokens: of the prompt; reused: the most of them that were known already."""

    kind: PromptKind
    tokens: int
    reused: int
    seconds: Quantiles


@dataclass(frozen=True)
class SpeedReport:
    """One model's speed. Times in seconds, sizes in bytes, rates in tokens a second, bandwidth in bytes a second.

    share: of the roofline; None with `no_share`, the reason. peak_bytes: None where nobody counts.
    """

    model: str
    digest: str
    size_bytes: int
    parameters: int | None
    engine: str
    version: str
    settings: Settings
    bandwidth: float
    load_s: float
    peak_bytes: int | None
    first_tokens: tuple[FirstTokens, ...]
    gaps_s: Quantiles
    rate: Quantiles
    share: float | None
    no_share: str
    endings: dict[str, int]
    contention: Contention
    before: MachineState
    after: MachineState

    @property
    def token_s(self) -> float:
        """Seconds a token, in the median round."""
        return 1 / self.rate.p50


def measured(
    model: ResolvedModel, kind: str, settings: Settings, plan: SpeakingPlan, root: Path, stop: threading.Event
) -> SpeedReport:
    """Measure a model in an engine of this kind. root: `/` of this machine.

    Raises NothingDrawn, BeyondRoofline, EngineError and what `load` raises; KeyboardInterrupt once `stop` is set.
    """
    before, watch = machine_state(root), ContentionWatch(root)
    speed = bandwidth.memory_bandwidth(settings.threads)
    _forget_peak(root)
    engine = open_engine(kind, settings)
    with contextlib.closing(engine):
        load_s = _loaded(engine, model)
        heard = Speaker(engine, stop).hear(plan)
        peak = _peak(root)
    gaps = quantiles([gap for times in heard.rounds for gap in times.gaps_s])
    rate = quantiles([times.rate for times in heard.rounds])
    if gaps is None or rate is None:
        raise NothingDrawn(model.ref)
    share, why = (None, _ON_GPU) if settings.gpu_layers else _share(model, rate.p50, speed, root)
    return SpeedReport(
        model=str(model.ref),
        digest=model.digest,
        size_bytes=model.size_bytes,
        parameters=parameters(model),
        engine=engine.name,
        version=engine.version,
        settings=settings,
        bandwidth=speed,
        load_s=load_s,
        peak_bytes=peak,
        first_tokens=tuple(_first_tokens(heard)),
        gaps_s=gaps,
        rate=rate,
        share=share,
        no_share=why,
        endings=dict(sorted(heard.endings.items())),
        contention=watch.so_far(),
        before=before,
        after=machine_state(root),
    )


def parameters(model: ResolvedModel) -> int | None:
    """Return how many numbers a GGUF of a known architecture has by its dimensions; else None."""
    if model.path.suffix != ".gguf":
        return None
    header = read_gguf(model.path)
    architecture = architectures.in_gguf(header.metadata.get("general.architecture"))
    if architecture is None:
        return None
    try:
        return shapes.parameters(dimensions.from_gguf(header, architecture))
    except MissingDimension:
        return None


def _loaded(engine: Engine, model: ResolvedModel) -> float:
    began = time.monotonic()
    engine.load(model)
    return time.monotonic() - began


def _first_tokens(heard: Heard) -> Iterator[FirstTokens]:
    for kind, _, asked in lengths(heard.firsts):
        seconds = quantiles([first.seconds for first in asked])
        if seconds is not None:
            yield FirstTokens(kind, max(first.tokens for first in asked), max(first.reused for first in asked), seconds)


def _share(model: ResolvedModel, rate: float, speed: float, root: Path) -> tuple[float | None, str]:
    token_bytes = roofline.bytes_per_token(model)
    if token_bytes is None:
        return None, "how many bytes a token reads is known of a GGUF in one file"
    cache = roofline.largest_cache(root) or roofline.UNTOLD_CACHE
    if token_bytes < roofline.CACHES * cache:
        return None, "its weights fit, or nearly fit, into the processor's cache"
    return roofline.roofline_share(rate, token_bytes, speed), ""


def _forget_peak(root: Path) -> None:
    with contextlib.suppress(OSError):  # an old kernel: then the peak is that of the whole process
        (root / "proc/self/clear_refs").write_text(_FORGET_PEAK)


def _peak(root: Path) -> int | None:
    try:
        match = _PEAK.search((root / "proc/self/status").read_text("utf-8", errors="replace"))
    except OSError:
        return None
    return int(match[1]) * 1024 if match else None
