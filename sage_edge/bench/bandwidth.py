"""How many bytes a second this machine reads from its memory: what bounds the drawing of tokens, one at a time.

Each thread adds up a block of its own, larger than any cache; the fastest of some rounds counts, for nothing reads
faster than the memory can, while much may disturb it. numpy releases the interpreter while it adds.
"""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor

BLOCK_BYTES = 256 << 20
"""For all threads together."""
ROUNDS = 7


def memory_bandwidth(threads: int | None, block_bytes: int = BLOCK_BYTES) -> float:
    """Return bytes a second, read by so many threads; None: one for each processor."""
    import numpy as np

    count = threads or os.cpu_count() or 1
    blocks = [np.ones(block_bytes // count // 8, dtype=np.int64) for _ in range(count)]
    fastest = float("inf")
    with ThreadPoolExecutor(count) as pool:
        for _ in range(ROUNDS):
            began = time.perf_counter()
            list(pool.map(np.add.reduce, blocks))
            fastest = min(fastest, time.perf_counter() - began)
    return sum(block.nbytes for block in blocks) / fastest
