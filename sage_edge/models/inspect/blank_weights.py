"""Matrices in which nothing stands but zeros: a copy that was cut and filled up, or a checkpoint that was saved empty.

What holds one is whole by its header, loads and answers; and no number that it computes tells what is wrong. A vector
may well be zero, as biases begin so. Source: microsoft/BitNet, issue 608.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from sage_edge.models.inspect.bounded import Header, Tensor

_PIECE = 1 << 16


def names(path: Path, header: Header) -> Iterator[str]:
    """Yield the name of each matrix whose bytes are all zero. header: that of the file at `path`."""
    with path.open("rb") as file:
        for tensor in header.tensors.values():
            if is_matrix(tensor.shape) and _is_blank(file.fileno(), header.data_at, tensor):
                yield tensor.name


def is_matrix(shape: tuple[int, ...]) -> bool:
    """Whether numbers of a shape stand in rows and columns."""
    return sum(size > 1 for size in shape) > 1


def _is_blank(handle: int, data_at: int, tensor: Tensor) -> bool:
    end = data_at + tensor.end
    return not any(
        os.pread(handle, min(_PIECE, end - at), at).strip(b"\0") for at in range(data_at + tensor.begin, end, _PIECE)
    )
