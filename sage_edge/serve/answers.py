"""Answers by request id: a repeated id gets the same answer, and the one that is under way where it is not done yet."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from dataclasses import dataclass

from sage_edge.serve.answer import ServedAnswer
from sage_edge.serve.api_error import ApiError

KEPT, KEPT_BYTES = 256, 16_000_000
"""How many finished answers are kept for whoever asks again, and how large they may be together."""

Work = Callable[[ServedAnswer], Coroutine[None, None, None]]
"""Fills an answer; it is cancelled when nobody wants it any more."""


@dataclass
class _Kept:
    question: str
    answer: ServedAnswer
    work: asyncio.Task[None]


class Answers:
    """All answers that are under way or still known."""

    def __init__(self) -> None:
        self._kept: dict[str, _Kept] = {}
        self._finished: OrderedDict[str, int] = OrderedDict()
        self._finished_bytes = 0
        self._under_way: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._kept)

    @property
    def is_idle(self) -> bool:
        """Whether nothing is under way."""
        return not self._under_way

    def find(self, request: str, question: str) -> ServedAnswer | None:
        """Return the answer of that id, one reader more; None for a new id. question: the digest of what was asked.

        Raises ApiError 409 where the same id asked something else.
        """
        kept = self._kept.get(request)
        if kept is None:
            return None
        if kept.question != question:
            raise ApiError(409, "request_id_reused", "this X-Request-Id asked another question before")
        if request in self._finished:
            self._finished.move_to_end(request)
        kept.answer.readers += 1
        return kept.answer

    def start(self, request: str, question: str, work: Work) -> ServedAnswer:
        """Return a new answer under that id, with one reader, which `work` fills."""
        answer = ServedAnswer(readers=1)
        task = asyncio.get_running_loop().create_task(work(answer))
        self._kept[request] = _Kept(question, answer, task)
        self._under_way.add(task)
        task.add_done_callback(lambda _: self._ended(request, task))
        return answer

    def leave(self, request: str, answer: ServedAnswer) -> None:
        """Take one reader away; work that nobody reads any more is cancelled, and its id is free again."""
        answer.readers -= 1
        kept = self._kept.get(request)
        if answer.readers == 0 and not answer.is_done and kept is not None and kept.answer is answer:
            del self._kept[request]
            kept.work.cancel()

    def _ended(self, request: str, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        kept = self._kept.get(request)
        if kept is None or kept.work is not task:
            return
        if kept.answer.is_whole:
            self._finished[request] = kept.answer.size_bytes
            self._finished_bytes += kept.answer.size_bytes
        else:
            del self._kept[request]  # what failed may be asked again
        while len(self._finished) > KEPT or self._finished_bytes > KEPT_BYTES:
            oldest, size_bytes = self._finished.popitem(last=False)
            self._finished_bytes -= size_bytes
            del self._kept[oldest]
