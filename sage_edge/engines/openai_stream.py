"""A streamed reply as an OpenAI-compatible server sends it: events of a bounded size, each a chunk of JSON.

data: {"choices": [{"index": 0, "delta": {"content": " am"}, "logprobs": {"content": [{"logprob": -0.3}]}}]}
data: {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
data: {"choices": [], "usage": {"prompt_tokens": 21, "completion_tokens": 9}}
data: [DONE]

Source: https://html.spec.whatwg.org/multipage/server-sent-events.html; fields as vLLM and llama.cpp send them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, JsonValue, ValidationError

LONGEST_LINE = 1 << 20
MOST_BYTES = 64 << 20
_DONE = b"[DONE]"


class StreamNonsense(Exception):
    """What came is no stream of chunks. what: a few words for it."""

    def __init__(self, what: str) -> None:
        self.what = what
        super().__init__(what)


class OtherEnd(Exception):
    """A reply ended for a reason that is none of ours, or with an error. why: in the server's words."""

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(why)


class _Served(BaseModel):
    """Whatever else a server sends is left alone."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False, defer_build=True)


def _none_as(empty: object) -> BeforeValidator:
    return BeforeValidator(lambda value: empty if value is None else value)


class ServedDelta(_Served):
    """What a chunk adds to the reply, and to what is thought before it; vLLM calls that `reasoning` by now."""

    content: Annotated[str, _none_as("")] = ""
    reasoning_content: Annotated[str, _none_as("")] = ""
    reasoning: Annotated[str, _none_as("")] = ""


class ServedLogprob(_Served):
    """The natural logarithm of a token's probability; rounding may put it a little above 0."""

    logprob: float = Field(le=1e-3)


class ServedLogprobs(_Served):
    """One for each token of a chunk."""

    content: Annotated[tuple[ServedLogprob, ...], _none_as(())] = ()


class ServedChoice(_Served):
    """A piece of one reply."""

    delta: Annotated[ServedDelta, _none_as({})] = ServedDelta()
    logprobs: Annotated[ServedLogprobs, _none_as({})] = ServedLogprobs()
    finish_reason: str | None = None


class ServedPromptDetails(_Served):
    """How many tokens of the prompt a server had read before."""

    cached_tokens: Annotated[int, _none_as(0), Field(ge=0)] = 0


class ServedUsage(_Served):
    """What a server counted."""

    prompt_tokens: int = Field(ge=0)
    completion_tokens: Annotated[int, _none_as(0), Field(ge=0)] = 0
    prompt_tokens_details: Annotated[ServedPromptDetails, _none_as({})] = ServedPromptDetails()


class ServedChunk(_Served):
    """One event of the stream."""

    choices: Annotated[tuple[ServedChoice, ...], _none_as(())] = ()
    usage: ServedUsage | None = None
    error: JsonValue = None


def chunks(pieces: Iterable[bytes]) -> Iterator[ServedChunk]:
    """Yield the chunks of a stream until it says that it is done, or ends. Raises StreamNonsense."""
    for event in events(pieces):
        if event == _DONE:
            return
        try:
            yield ServedChunk.model_validate_json(event)
        except ValidationError:
            raise StreamNonsense("a stream of something else than chunks of JSON") from None


def events(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the data of each event. Raises StreamNonsense where a line or all of it is longer than any reply."""
    data: list[bytes] = []
    for line in _lines(pieces):
        if line.startswith(b"data:"):
            data.append(line[5:].removeprefix(b" "))
        elif not line and data:
            yield b"\n".join(data)
            data = []


def _lines(pieces: Iterable[bytes]) -> Iterator[bytes]:
    held, size = bytearray(), 0
    for piece in pieces:
        at = len(held)
        held += piece
        size += len(piece)
        while (end := held.find(b"\n", at)) >= 0:
            line = bytes(held[:end])
            del held[: end + 1]
            at = 0
            yield line.removesuffix(b"\r")
        if len(held) > LONGEST_LINE:
            raise StreamNonsense(f"a line of more than {LONGEST_LINE} bytes")
        if size > MOST_BYTES:
            raise StreamNonsense(f"more than {MOST_BYTES} bytes for one reply")
