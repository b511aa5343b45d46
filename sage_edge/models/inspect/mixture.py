"""Which kinds of numbers a model's tensors hold, and whether they are those that its quantisation means.

K-quants work in blocks of 256 numbers; llama.cpp gives a matrix whose rows do not divide another kind, and says so in
a log that nobody reads. The embedding and the output matrix get more bits by intent, so they are not looked at here.
Source: llama-quant.cpp (llama_tensor_get_type) of llama-cpp-python 0.3.36.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping

from sage_edge.models.inspect.bounded import Header

_MATRIX = re.compile(r"blk\.\d+\.(?:attn_(?:q|k|v|qkv|output)|ffn_(?:gate|up|down))\.weight")
KINDS: Mapping[str, frozenset[str]] = {
    "f32": frozenset({"F32"}),
    "f16": frozenset({"F16", "F32"}),
    "bf16": frozenset({"BF16", "F32"}),
    "q4_0": frozenset({"Q4_0", "Q4_1"}),
    "q4_1": frozenset({"Q4_1"}),
    "q5_0": frozenset({"Q5_0", "Q5_1"}),
    "q5_1": frozenset({"Q5_1"}),
    "q8_0": frozenset({"Q8_0"}),
    "q2_k": frozenset({"Q2_K", "Q3_K", "Q4_K"}),
    "q3_k_s": frozenset({"Q3_K"}),
    "q3_k_m": frozenset({"Q3_K", "Q4_K", "Q5_K"}),
    "q3_k_l": frozenset({"Q3_K", "Q5_K"}),
    "q4_k_s": frozenset({"Q4_K", "Q5_K"}),
    "q4_k_m": frozenset({"Q4_K", "Q5_K", "Q6_K"}),
    "q5_k_s": frozenset({"Q5_K", "Q6_K"}),
    "q5_k_m": frozenset({"Q5_K", "Q6_K"}),
    "q6_k": frozenset({"Q6_K", "Q8_K"}),
}
"""Quantisation, as cards name it → the kinds that its matrices may have."""


def count(header: Header) -> dict[str, int]:
    """Return kind → how many tensors hold it."""
    return dict(Counter(tensor.kind for tensor in header.tensors.values()))


def fallen(header: Header, quantisation: str | None) -> tuple[str, ...]:
    """Return the matrices of the layers whose kind is none that the quantisation means; none for an unknown one."""
    if (meant := KINDS.get(quantisation or "")) is None:
        return ()
    return tuple(
        name for name, tensor in header.tensors.items() if _MATRIX.fullmatch(name) and tensor.kind not in meant
    )


def faults(header: Header, quantisation: str | None) -> tuple[str, ...]:
    """Return what is wrong where none of the matrices is of the kind that the file says of itself."""
    matrices = [tensor.kind for name, tensor in header.tensors.items() if _MATRIX.fullmatch(name)]
    lost = fallen(header, quantisation)
    if not matrices or len(lost) < len(matrices):
        return ()
    return (f"says general.file_type = {quantisation}, but its matrices hold {text(Counter(matrices))}",)


def text(counts: Mapping[str, int]) -> str:
    """Return `16 Q4_K, 166 Q5_0` for people."""
    return ", ".join(f"{number} {kind}" for kind, number in sorted(counts.items()))
