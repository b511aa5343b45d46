"""An OpenAI-compatible endpoint over HTTP: which models it serves, and the stream of one reply."""

from __future__ import annotations

import contextlib
import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
from pydantic import BaseModel, ConfigDict, ValidationError

from sage_edge.clock import SystemClock
from sage_edge.engines import openai_options, openai_refusals
from sage_edge.engines.base import Deadline
from sage_edge.engines.errors import EndpointAway
from sage_edge.engines.openai_certificate import trusted, untrusted
from sage_edge.engines.openai_options import OpenaiOptions
from sage_edge.engines.openai_refusals import shown
from sage_edge.engines.openai_stream import OtherEnd, ServedChunk, StreamNonsense, chunks
from sage_edge.engines.openai_transport import GivenUp, Patience, client
from sage_edge.models.download import hub_wait

MOST_BYTES = 1 << 20
"""Longest answer that is no stream."""

_BUSY, _QUESTION = (429, 503), (400, 413, 422)
_PAUSE_S, _LEAST_S = 1.0, 0.05
_STREAM, _JSON = "text/event-stream", "application/json"


class ServedModel(BaseModel):
    """One entry of an endpoint's list. digest: of its weights, where the endpoint says that."""

    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)

    id: str
    digest: str | None = None


class _ServedModels(BaseModel):
    """What `GET /v1/models` answers."""

    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)

    data: tuple[ServedModel, ...]


class OpenaiEndpoint:
    """Asks one endpoint. Nothing is asked before the first method is called. Raises TokenUnusable, UsageError."""

    def __init__(self, options: OpenaiOptions) -> None:
        self.place, self._options = options.url, options
        token = None if options.token_file is None else openai_options.token(Path(options.token_file))
        self.patience, self._names = Patience(), ""
        self._client = client(trusted(options), self.patience, token)

    def close(self) -> None:
        """Close what is open; harmless when called twice."""
        self._client.close()

    def served(self, deadline: Deadline) -> tuple[ServedModel, ...]:
        """Return what the endpoint serves. Raises EndpointError."""
        try:
            with self._asked("GET", "/v1/models", deadline) as answer:
                if not _is(answer, _JSON):
                    raise openai_refusals.nonsense(self.place, f"{_kind(answer)} where a list of models was asked for")
                entries = _ServedModels.model_validate_json(self._read(answer)).data
                self._names = ", ".join(entry.id for entry in entries)
                return entries
        except ValidationError:
            raise openai_refusals.nonsense(self.place, "no list of models") from None
        except GivenUp:
            raise EndpointAway(self.place, "no list of its models came in time") from None

    @contextlib.contextmanager
    def reply(self, question: bytes, deadline: Deadline) -> Iterator[Iterator[ServedChunk]]:
        """Give the chunks of a reply. Raises EndpointError, GivenUp, also while they are read."""
        with self._asked("POST", "/v1/chat/completions", deadline, question) as answer:
            if not _is(answer, _STREAM):
                raise openai_refusals.nonsense(self.place, f"{_kind(answer)} where a stream was asked for")
            try:
                yield chunks(answer.iter_raw())
            except StreamNonsense as odd:
                raise openai_refusals.nonsense(self.place, odd.what) from None
            except OtherEnd as end:
                raise openai_refusals.other_end(self.place, end.why) from None

    @contextlib.contextmanager
    def _asked(
        self, method: str, path: str, deadline: Deadline, question: bytes | None = None
    ) -> Iterator[httpx2.Response]:
        """Give a good answer, asked for as often as the endpoint is busy; one id stands for all these times."""
        headers = {"accept": _JSON if question is None else _STREAM, "x-request-id": str(uuid.uuid4())}
        if question is not None:
            headers["content-type"] = _JSON
        self.patience.deadline = deadline
        while True:
            with (
                self._losses(),
                self._client.stream(method, self.place + path, headers=headers, content=question) as got,
            ):
                if got.status_code not in _BUSY:
                    self._require_good(got)
                    yield got
                    return
                wait_s = _pause_s(got.headers)
            if wait_s > hub_wait.MOST_S:
                raise openai_refusals.too_busy(self.place, wait_s)
            self.patience.wait(wait_s)

    @contextlib.contextmanager
    def _losses(self) -> Iterator[None]:
        """Turn what breaks a connection into what we say of it."""
        try:
            yield
        except (httpx2.ConnectError, httpx2.TimeoutException) as lost:
            raise untrusted(self.place, lost) or EndpointAway(self.place, _why(lost)) from None
        except httpx2.HTTPError as lost:
            raise openai_refusals.broken_off(self.place, _why(lost)) from None

    def _require_good(self, answer: httpx2.Response) -> None:
        """Return if an endpoint gives what it was asked for. Raises EndpointError."""
        status = answer.status_code
        if "content-encoding" in answer.headers:
            raise openai_refusals.nonsense(self.place, "packed words, which it was asked not to")
        if 300 <= status < 400:
            raise openai_refusals.sent_elsewhere(self.place, _host(answer.headers.get("location", "")))
        if status in (401, 403):
            raise openai_refusals.wrong_token(self.place, status, self._options.token_file)
        if status == 404 and self._names:
            raise openai_refusals.served_no_more(self.place, self._names, self._words(answer))
        if status in _QUESTION:
            raise openai_refusals.question_refused(self.place, status, self._words(answer))
        if status != 200:
            raise openai_refusals.other_status(self.place, status, self._words(answer))

    def _words(self, answer: httpx2.Response) -> str:
        """Return what an endpoint says of its refusal, in one line of a bounded length."""
        content = self._read(answer)
        try:
            words = json.loads(content)
        except (ValueError, RecursionError):
            words = content.decode("utf-8", "replace")
        for key in ("error", "detail", "message"):
            words = words[key] if isinstance(words, dict) and key in words else words
        return shown(str(words)) or "nothing"

    def _read(self, answer: httpx2.Response) -> bytes:
        content = bytearray()
        for piece in answer.iter_raw():
            content += piece
            if len(content) > MOST_BYTES:
                raise openai_refusals.nonsense(self.place, f"more than {MOST_BYTES} bytes where few were asked for")
        return bytes(content)


def _is(answer: httpx2.Response, kind: str) -> bool:
    return answer.headers.get("content-type", "").partition(";")[0].strip().lower() == kind


def _kind(answer: httpx2.Response) -> str:
    return shown(answer.headers.get("content-type", "")) or "something unnamed"


def _pause_s(headers: httpx2.Headers) -> float:
    asked = hub_wait.asked_s(dict(headers), SystemClock().now())
    return _PAUSE_S if asked is None else max(asked, _LEAST_S)


def _host(address: str) -> str:
    """Return where a redirect leads to, for people."""
    try:
        host = urlsplit(address).netloc.rpartition("@")[2]
    except ValueError:
        host = ""
    return shown(host) or "another place"


def _why(lost: Exception) -> str:
    """Return what happened to a connection, in words that hold no header."""
    return shown(str(lost)) or type(lost).__name__
