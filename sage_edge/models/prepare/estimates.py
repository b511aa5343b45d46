"""What a stage will write and how long it will take, before it runs: sums over the card, each with its basis.

Minutes are from one run on 2 cores of a workstation with Qwen2.5-0.5B's shape, at one thread (tests/benchmarks/
models_steps.py prints them); they say whether to wait or to come back, no more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sage_edge.models.card import DirectorySource, ModelCard
from sage_edge.models.prepare.gguf_tools import BYTES_EACH
from sage_edge.models.prepare.stages import Kind, Stage

_LINE_BYTES_PER_S = 10_000_000
_DISK_BYTES_PER_S = 200_000_000
_START_S = 6.0
"""To load the libraries, and to read 200 texts."""

_NS_EACH: Mapping[Kind, float] = {"merge": 30, "convert": 20, "quantise": 12, "parity": 410, "smoke": 25}
_AS_PUBLISHED = {"bf16": 2.0, "fp16": 2.0, "awq": 0.68, "int8-awq": 1.2, "fp4": 0.7}
_ADAPTER_SHARE = 0.072
_MB = 1_000_000


@dataclass(frozen=True)
class StageCost:
    """Bytes that the store will hold more, minutes that it takes, and what both were reckoned from."""

    size_bytes: int
    minutes: float
    basis: str


def estimate(stage: Stage, home: Path) -> StageCost:
    """Return what a stage costs. `home`: the folder that directories of cards are relative to."""
    kind = stage.card.quantisation or ""
    if stage.kind in ("fetch", "import", "copy"):
        return _brought(stage, home)
    if stage.kind == "merge":
        return _made(stage, 4.0, "in f32")
    if stage.kind == "convert":
        return _made(stage, BYTES_EACH[stage.precision], f"in {stage.precision}")
    if stage.kind == "quantise":
        return _made(stage, BYTES_EACH.get(kind, 1.0), f"in {kind}")
    basis = "the same file, named again" if stage.kind == "smoke" else "64 prompts and 200 texts"
    return StageCost(0, _minutes(stage), basis)


def peak_memory(card: ModelCard) -> int:
    """The most memory that a stage of this card holds, in bytes: merging, with everything in f32 and 1 GB beside."""
    return 4 * card.parameters + 1_000_000_000 if "merge" in card.steps else 0


def _brought(stage: Stage, home: Path) -> StageCost:
    size, basis = _size(stage, home)
    if stage.kind == "import":
        return StageCost(size, size / _DISK_BYTES_PER_S / 60, basis)
    return StageCost(size, size / _LINE_BYTES_PER_S / 60, f"{basis}; at 10 MB/s")


def _size(stage: Stage, home: Path) -> tuple[int, str]:
    card = stage.card
    if isinstance(stage.source, DirectorySource):
        folder = home / stage.source.directory
        found = [path for path in folder.rglob("*") if path.is_file()] if folder.is_dir() else []
        if wanted := [path for path in found if card.wants(path.relative_to(folder).as_posix())]:
            return sum(path.stat().st_size for path in wanted), "the size of its files"
        size, basis = _guessed(stage)
        return size, f"{stage.source.directory} is not here yet; {basis}"
    return _guessed(stage)


def _guessed(stage: Stage) -> tuple[int, str]:
    card = stage.card
    if stage.is_adapter:
        return int(card.parameters * _ADAPTER_SHARE), "LoRA of rank 16 on all layers in f32: 7.2 % of the parameters"
    if card.download_bytes is not None:
        return card.download_bytes, "its card"
    each = _AS_PUBLISHED.get(card.quantisation or "bf16", BYTES_EACH.get(card.quantisation or "", 2.0))
    return int(card.parameters * each), f"{card.parameters / _MB:,.0f} M parameters of {each:.3g} bytes"


def _made(stage: Stage, each: float, how: str) -> StageCost:
    count = stage.card.parameters
    return StageCost(int(count * each), _minutes(stage), f"{count / _MB:,.1f} M parameters of {each:.3g} bytes, {how}")


def _minutes(stage: Stage) -> float:
    return (_START_S + stage.card.parameters * _NS_EACH[stage.kind] / 1e9) / 60
