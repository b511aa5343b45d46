"""The device that a model is to run on: large enough, and proven by arithmetic before anything is loaded onto it.

That a library lists a device is no proof: kernels built for another one may be missing, or compute something else.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sage_edge import sizes
from sage_edge.engines.errors import EngineError, ModelUnusable
from sage_edge.hints import sage
from sage_edge.inventory.board_facts import available_memory
from sage_edge.models.resolve import ResolvedModel

SIDE = 128
"""Rows and columns of the matrices that are multiplied."""

TOLERANCE = 0.1
"""How far two sums of SIDE products of normal numbers may lie apart: 100 times what TF32 is off, 1 % of such a sum."""


def chosen(gpu_layers: int) -> str:
    """Return torch's name of the device: CUDA's where layers are wanted there and one is there, else the processor."""
    import torch

    return "cuda" if gpu_layers and torch.cuda.is_available() else "cpu"


def computes(device: str) -> bool:
    """Whether a device adds, and multiplies matrices as the processor does. Raises RuntimeError as torch does."""
    import torch

    dice = torch.Generator().manual_seed(1)
    left, right = torch.randn((2, SIDE, SIDE), generator=dice)
    there = (left.to(device) @ right.to(device)).cpu()
    two = torch.ones(1024, device=device) + 1
    return float(two.sum()) == 2048 and bool(torch.allclose(left @ right, there, rtol=0, atol=TOLERANCE))


def require_works(device: str) -> None:
    """Raise EngineError unless a device computes what it should."""
    try:
        wrong = "" if computes(device) else "its products differ from those of the processor"
    except RuntimeError as broken:
        wrong = " ".join(str(broken).split())[:300]
    if wrong:
        raise EngineError(f"torch does not compute on {device}: {wrong}", hint=sage("doctor"))


def require_memory(model: ResolvedModel, dtype: str, device: str) -> None:
    """Raise ModelUnusable where a model's weights do not fit into what is free. dtype: as the host declares it."""
    needs, free = weights_bytes(model, dtype), free_bytes(device)
    if free is not None and needs > free:
        raise ModelUnusable(
            f"{model.ref} needs {sizes.text(needs)} for its weights, {sizes.text(free)} are free on {device}",
            hint="stop what else runs on this machine, or declare a smaller model for this host",
        )


def weights_bytes(model: ResolvedModel, dtype: str) -> int:
    """Return the bytes of a folder's weights in memory; float32 takes twice what files of half as many bits hold."""
    weights = sum(part.size_bytes for part in model.parts if part.name.endswith(".safetensors"))
    return weights * 2 if dtype == "float32" and _is_half(model.path) else weights


def _is_half(folder: Path) -> bool:
    from transformers import AutoConfig

    config: Any = AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    return getattr(config.dtype, "itemsize", 4) == 2


def free_bytes(device: str) -> int | None:
    """Return the bytes that are free on a device, None where nobody says."""
    if device == "cpu":
        return available_memory(Path("/"))
    import torch

    free: int = torch.cuda.mem_get_info()[0]
    return free
