"""The tokens of one reply as they are drawn, and the text that they make: whole characters, nothing made up."""

from __future__ import annotations

import time
from collections.abc import Sequence
from itertools import accumulate, pairwise


class DrawnTokens:
    """Tokens with their bytes and log-probabilities. began: when the question was asked, on the monotonic clock."""

    def __init__(self, began: float) -> None:
        self.pieces: list[bytes] = []
        self.first_s: float | None = None
        self._began, self._sum, self._count = began, 0.0, 0

    def add(self, logprob: float) -> None:
        """Count a token that was drawn, whatever it is."""
        if self.first_s is None:
            self.first_s = time.monotonic() - self._began
        self._sum += logprob
        self._count += 1

    def keep(self, piece: bytes) -> None:
        """Keep the bytes of the token: it is part of the reply."""
        self.pieces.append(piece)

    @property
    def mean_logprob(self) -> float | None:
        return self._sum / self._count if self._count else None


def whole_text(pieces: Sequence[bytes]) -> tuple[str, int]:
    """Return the whole UTF-8 characters that tokens make, and how many tokens hold a byte that belongs to none.

    A limit may come between the tokens of one character, and a model may draw bytes that are no text at all.
    """
    data, lost = b"".join(pieces), set[int]()
    parts, at = list[str](), 0
    while at < len(data):
        try:
            parts.append(data[at:].decode("utf-8"))
            break
        except UnicodeDecodeError as broken:
            parts.append(data[at : at + broken.start].decode("utf-8"))
            lost.update(range(at + broken.start, at + broken.end))
            at += broken.end
    ends = [0, *accumulate(map(len, pieces))]
    count = sum(not lost.isdisjoint(range(begin, end)) for begin, end in pairwise(ends))
    return "".join(parts), count
