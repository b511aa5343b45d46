"""A stream cut at any byte is the same stream."""

from __future__ import annotations

import pytest

from sage_edge.serve.api_error import ApiError
from sage_edge.serve.events import EventStream
from tests.serve.behind import DONE, event

WORDS = [b": ping\n\n", event("Zoë "), event("🌱"), event(finish="stop"), DONE]


@pytest.mark.parametrize("between", [b"\n\n", b"\r\n\r\n"])
def test_wherever_it_is_cut_its_events_are_whole(between: bytes) -> None:
    sent = b"".join(WORDS).replace(b"\n\n", between)
    for at in range(len(sent) + 1):
        stream = EventStream()
        assert [*stream.feed(sent[:at]), *stream.feed(sent[at:])] == WORDS
        assert (stream.is_done, stream.is_finished, stream.tokens.completion) == (True, True, 2)


def test_byte_by_byte() -> None:
    stream = EventStream()
    assert [piece for byte in b"".join(WORDS) for piece in stream.feed(bytes([byte]))] == WORDS


def test_an_event_without_end_is_refused() -> None:
    stream = EventStream()
    assert list(stream.feed(b"data: " + b"x" * 900_000)) == []
    with pytest.raises(ApiError, match="more than"):
        list(stream.feed(b"x" * 200_000))


def test_what_the_server_counted_counts_more_than_pieces() -> None:
    stream = EventStream()
    usage = b'data: {"choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": -1, "total_tokens": true}}\n\n'
    list(stream.feed(event("a") + usage))
    assert (stream.tokens.prompt, stream.tokens.completion) == (7, None)
