"""The share of the memory's speed that drawing tokens reached: each token reads every weight of the model once.

    share = tokens a second * bytes a token / bytes a second

Over 1 something is wrong: the count of tokens, the clock, the bandwidth or what is believed of the model. So such a run
fails. Weights that fit into a processor's cache are not read from memory, and nothing is said of them.
"""

from __future__ import annotations

import re
from pathlib import Path

from sage_edge.bench.errors import BeyondRoofline
from sage_edge.models.inspect import read_gguf
from sage_edge.models.resolve import ResolvedModel

CACHES = 4
"""Weights of fewer than so many times the cache may be read from it in part."""

UNTOLD_CACHE = 64 << 20
"""Bytes of a cache of which nobody tells the size: as large as they usually are at most."""

_CACHES = "sys/devices/system/cpu/cpu0/cache"
_SIZE = re.compile(r"(\d{1,9})([KMG]?)\s*")
_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30}
_EMBEDDING, _HEAD = "token_embd.weight", "output.weight"


def bytes_per_token(model: ResolvedModel) -> int | None:
    """Return how many bytes of weights a token reads; None of a model that is no GGUF in one file.

    Of an embedding that is no output matrix as well, a token reads one row.
    """
    if model.path.suffix != ".gguf" or len(model.parts) > 1:
        return None
    tensors = read_gguf(model.path).tensors
    whole = sum(tensor.end - tensor.begin for tensor in tensors.values())
    if _HEAD not in tensors or _EMBEDDING not in tensors:
        return whole
    return whole - (tensors[_EMBEDDING].end - tensors[_EMBEDDING].begin)


def roofline_share(rate: float, token_bytes: int, bandwidth: float) -> float:
    """Return the share. rate: tokens a second; bandwidth: bytes a second. Raises BeyondRoofline over 1."""
    share = rate * token_bytes / bandwidth
    if share > 1:
        raise BeyondRoofline(share, rate, token_bytes, bandwidth)
    return share


def largest_cache(root: Path) -> int:
    """Return the bytes of the processor's largest cache below `root`; 0 where it says none."""
    return max((_bytes(path) for path in (root / _CACHES).glob("index*/size")), default=0)


def _bytes(path: Path) -> int:
    try:
        match = _SIZE.fullmatch(path.read_text("utf-8", errors="replace"))
    except OSError:
        return 0
    return int(match[1]) * _UNITS[match[2]] if match else 0
