"""A stream of server-sent events, cut into whole ones and looked into: whether it finished, and what it cost."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from sage_edge.serve.answer import TokenCount
from sage_edge.serve.api_error import ApiError

_BETWEEN = re.compile(rb"\r?\n\r?\n")
_LARGEST_BYTES = 1_000_000
"""What one event may have."""


class EventStream:
    """What a server sends, piece by piece as it comes. is_done: its `[DONE]` has come; is_finished: a finish reason."""

    def __init__(self) -> None:
        self._rest = b""
        self._pieces = 0
        self._tokens: TokenCount | None = None
        self.is_done = self.is_finished = False

    @property
    def tokens(self) -> TokenCount:
        """What it cost: as the server said, or so many pieces as came."""
        return self._tokens or TokenCount(None, self._pieces)

    def feed(self, piece: bytes) -> Iterator[bytes]:
        """Yield each event that is whole by now, as it came; an end without a finish reason is none.

        Raises ApiError for an event that no client could read.
        """
        *events, self._rest = _BETWEEN.split(self._rest + piece)
        if len(self._rest) > _LARGEST_BYTES:
            raise ApiError(502, "bad_answer", f"the model's server sent an event of more than {_LARGEST_BYTES} bytes")
        for event in events:
            for line in event.splitlines():
                if line.startswith(b"data:"):
                    self._look(line[5:].strip())
            if event.strip() and not (self.is_done and not self.is_finished):
                yield event + b"\n\n"

    def _look(self, data: bytes) -> None:
        if data == b"[DONE]":
            self.is_done = True
            return
        document = read_object(data)
        if isinstance(error := document.get("error"), dict):
            raise ApiError(502, "server_failed", f"the model's server failed: {error.get('message')}")
        if isinstance(document.get("usage"), dict):
            self._tokens = usage(document)
        for choice in choices(document):
            self.is_finished |= choice.get("finish_reason") is not None
            delta = choice.get("delta", choice)
            self._pieces += isinstance(delta, dict) and bool(delta.get("content") or delta.get("text"))


def read_object(data: bytes) -> dict[str, object]:
    """Return the JSON object in what a server sent. Raises ApiError 502 for anything else."""
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        raise ApiError(502, "bad_answer", "the model's server sent what is no JSON") from None
    if not isinstance(document, dict):
        raise ApiError(502, "bad_answer", "the model's server sent JSON that is no object")
    return document


def choices(document: dict[str, object]) -> Iterator[dict[str, object]]:
    """Yield the choices of an answer, or of a piece of one."""
    listed = document.get("choices")
    yield from (choice for choice in (listed if isinstance(listed, list) else ()) if isinstance(choice, dict))


def usage(document: dict[str, object]) -> TokenCount:
    """Return what an answer cost, as far as it says so."""
    counts = document.get("usage")
    numbers = counts if isinstance(counts, dict) else {}

    def count(name: str) -> int | None:
        number = numbers.get(name)
        return number if isinstance(number, int) and 0 <= number < 1 << 31 else None

    return TokenCount(count("prompt_tokens"), count("completion_tokens"))
