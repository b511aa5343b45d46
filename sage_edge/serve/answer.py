"""An answer under way: whoever asked for it reads it from its beginning, while it is still being written."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field

from sage_edge.serve.api_error import ApiError

LARGEST_BYTES = 16_000_000
"""What one answer may have; all of it is kept while somebody may ask for it again."""


@dataclass(frozen=True)
class TokenCount:
    """What an answer cost, as the server said; None: it did not say."""

    prompt: int | None = None
    completion: int | None = None


@dataclass
class ServedAnswer:
    """One answer. status 0: nothing of it is there yet. outcome: the code of its error, or `ok`."""

    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    pieces: list[bytes] = field(default_factory=list)
    size_bytes: int = 0
    is_done: bool = False
    is_whole: bool = False
    outcome: str = "ok"
    tokens: TokenCount = field(default_factory=TokenCount)
    readers: int = 0
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def begin(self, status: int, headers: Mapping[str, str]) -> None:
        """Say what kind of answer it is; its pieces follow."""
        self.status, self.headers = status, headers
        self._tell()

    def add(self, piece: bytes) -> None:
        """Append a piece. Raises ApiError where the answer has become too large to keep."""
        self.size_bytes += len(piece)
        if self.size_bytes > LARGEST_BYTES:
            raise ApiError(502, "answer_too_large", f"the model's server sent more than {LARGEST_BYTES} bytes")
        self.pieces.append(piece)
        self._tell()

    def give(self, body: bytes) -> None:
        """Say all of it at once: a JSON document."""
        self.headers = {"content-type": "application/json", "content-length": str(len(body))}
        self.add(body)
        self.status = 200
        self.finish()

    def finish(self) -> None:
        """Say that it is whole."""
        self.is_whole = True
        self._end()

    def fail(self, why: ApiError) -> None:
        """End it with an error: as the whole answer, or as the last event of a stream that has begun."""
        if self.is_done:
            return
        self.outcome = why.code
        if self.status == 0:
            self.status, self.headers, self.pieces = why.status, why.headers, [why.body]
        else:
            self.pieces.append(why.event)
        self._end()

    async def begun(self) -> None:
        """Wait until status and headers are known."""
        while self.status == 0:
            await self._news.wait()

    async def read(self) -> AsyncIterator[bytes]:
        """Yield every piece from the first one on, until it is done."""
        at = 0
        while True:
            while at < len(self.pieces):
                at += 1
                yield self.pieces[at - 1]
            if self.is_done:
                return
            await self._news.wait()

    def _end(self) -> None:
        self.is_done = True
        self._tell()

    def _tell(self) -> None:
        news, self._news = self._news, asyncio.Event()
        news.set()
