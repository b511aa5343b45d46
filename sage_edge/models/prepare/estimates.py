"""What a stage will write and how long it will take, before it runs: sums over the card, each with its basis.

Minutes are from one run on 2 cores of a workstation with Qwen2.5-0.5B's shape, at one thread (tests/benchmarks/
models_steps.py prints them); they say whether to wait or to come back, no more.
"""

from __future__ import annotations

from pathlib import Path

from sage_edge import files, sizes
from sage_edge.models.card import ModelCard
from sage_edge.models.card_sources import DirectorySource, PackageSource
from sage_edge.models.prepare.stage import SourceStage, StageCost

BYTES_EACH = {
    "f32": 4.0,
    "f16": 2.0,
    "q8_0": 34 / 32,
    "q4_0": 18 / 32,
    "q6_k": 210 / 256,
    "q5_k_m": 0.71,
    "q4_k_m": 0.61,
}
"""Bytes that a parameter takes in GGUF, by kind; `_m` kinds mix two and are as published for 7B models."""

_LINE_BYTES_PER_S = 10_000_000
_DISK_BYTES_PER_S = 200_000_000
_START_S = 6.0
"""To load the libraries, and to read 200 texts."""

_AS_PUBLISHED = {"bf16": 2.0, "fp16": 2.0, "awq": 0.68, "int8-awq": 1.2, "fp4": 0.7}
_ADAPTER_SHARE = 0.072
_MILLION = 1_000_000


def product(card: ModelCard, bytes_each: float, how: str, *, ns_each: float) -> StageCost:
    """Return the cost of new weights. bytes_each, ns_each: for one parameter. how: like `in f32`."""
    basis = f"{card.parameters / _MILLION:,.1f} M parameters of {bytes_each:.3g} bytes, {how}"
    return StageCost(int(card.parameters * bytes_each), _minutes(card, ns_each), basis)


def check(card: ModelCard, basis: str, *, ns_each: float) -> StageCost:
    """Return the cost of a look at finished weights, which adds no bytes to the store."""
    return StageCost(0, _minutes(card, ns_each), basis)


def download(stage: SourceStage, home: Path) -> StageCost:
    """Return the cost of bringing files over a network."""
    size, basis = _size(stage, home)
    return StageCost(size, size / _LINE_BYTES_PER_S / 60, f"{basis}; at 10 MB/s")


def package(source: PackageSource) -> StageCost:
    """Return the cost of fetching a package and keeping its files."""
    size = sum(file.size_bytes for file in source.files)
    basis = f"its card; a package of {sizes.text(source.wheel.size_bytes)} at 10 MB/s"
    return StageCost(size, source.wheel.size_bytes / _LINE_BYTES_PER_S / 60, basis)


def copy(stage: SourceStage, home: Path) -> StageCost:
    """Return the cost of copying files on this machine."""
    size, basis = _size(stage, home)
    return StageCost(size, size / _DISK_BYTES_PER_S / 60, basis)


def _size(stage: SourceStage, home: Path) -> tuple[int, str]:
    card = stage.card
    if isinstance(stage.source, DirectorySource):
        folder = home / stage.source.directory
        paths = [path for path in files.listed(folder, "**/*") if path.is_file()] if folder.is_dir() else []
        if wanted := [path for path in paths if card.wants(path.relative_to(folder).as_posix())]:
            return sum(path.stat().st_size for path in wanted), "the size of its files"
        size, basis = _guessed(stage)
        return size, f"{stage.source.directory} is not here yet; {basis}"
    return _guessed(stage)


def _guessed(stage: SourceStage) -> tuple[int, str]:
    card = stage.card
    if stage.is_adapter:
        return int(card.parameters * _ADAPTER_SHARE), "LoRA of rank 16 on all layers in f32: 7.2 % of the parameters"
    if card.download_bytes is not None:
        return card.download_bytes, "its card"
    each = _AS_PUBLISHED.get(card.quantisation or "bf16", BYTES_EACH.get(card.quantisation or "", 2.0))
    return int(card.parameters * each), f"{card.parameters / _MILLION:,.0f} M parameters of {each:.3g} bytes"


def _minutes(card: ModelCard, ns_each: float) -> float:
    return (_START_S + card.parameters * ns_each / 1e9) / 60
