"""The tokens of one reply as they are drawn, and the text that they make: whole characters, nothing made up.

A reply ends at a token that ends the turn, at a limit, or at a sign that begins somebody's turn: what would follow is
not the model's own word. Its text is whole characters; what was thought before the answer stands apart.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Sequence
from itertools import accumulate, pairwise
from typing import Protocol

from sage_edge.engines.base import Deadline, Reply
from sage_edge.engines.chat import Prompt
from sage_edge.records import thoughts
from sage_edge.records.transcript import FinishReason


class TokenWords(Protocol):
    """What an engine's vocabulary tells of a token."""

    def is_end(self, token: int) -> bool: ...

    def is_control(self, token: int) -> bool: ...

    def drawn_bytes(self, token: int) -> bytes: ...


class DrawnTokens:
    """Tokens with their bytes and log-probabilities, from the moment at which the question is asked."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.first_s: float | None = None
        self._began, self._sum, self._count = time.monotonic(), 0.0, 0

    def add(self, logprob: float) -> None:
        """Count a token that was drawn, whatever it is."""
        if self.first_s is None:
            self.first_s = time.monotonic() - self._began
        self._sum += logprob
        self._count += 1

    def take(
        self,
        stream: Iterable[tuple[int, float]],
        words: TokenWords,
        turns: Collection[int],
        most: int,
        deadline: Deadline,
    ) -> FinishReason | None:
        """Take tokens with their log-probabilities until the reply ends, and say why; None where no more came.

        turns: the tokens that begin or end somebody's turn.
        """
        for token, logprob in stream:
            self.add(logprob)
            if words.is_end(token):
                return "stop"
            piece = words.drawn_bytes(token)
            if token in turns or (not piece and words.is_control(token)):
                return "turn-marker"
            self.pieces.append(piece)
            if len(self.pieces) >= most:
                return "length"
            if (reason := deadline.passed()) is not None:
                return reason
        return None

    @property
    def mean_logprob(self) -> float | None:
        return self._sum / self._count if self._count else None

    def reply(self, finish: FinishReason, prompt: Prompt, reused: int, *, is_free: bool) -> Reply:
        """Return the reply that these tokens make. is_free: it holds to no schema, and may have thoughts beside it."""
        text, dropped = whole_text(self.pieces)
        answer, thinking = thoughts.parted(text, prompt.closes) if is_free else (text.strip(), None)
        return Reply(
            text=answer,
            finish_reason=finish,
            prompt_tokens=len(prompt.ids),
            reused_tokens=reused,
            completion_tokens=len(self.pieces),
            ttft_s=self.first_s,
            duration_s=time.monotonic() - self._began,
            mean_logprob=self.mean_logprob,
            thinking=thinking,
            dropped_tokens=dropped,
        )


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
