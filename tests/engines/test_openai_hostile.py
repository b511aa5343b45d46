"""Endpoints that lie, babble, break off or send us elsewhere: each is refused in its own words, with a next step."""

from __future__ import annotations

import contextlib
import itertools
import json
import socket
import threading
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sage_edge.engines import Deadline, Draw, Message, Reply, Sampling, Settings
from sage_edge.engines import openai_stream as wire
from sage_edge.engines.errors import EndpointAway, EndpointBroken, EndpointError, EndpointRefused
from sage_edge.engines.openai_endpoint import OpenaiEndpoint
from sage_edge.engines.openai_engine import Openai
from sage_edge.engines.openai_options import OpenaiOptions
from sage_edge.engines.openai_transport import GivenUp
from sage_edge.models.resolve import resolve
from sage_edge.names import ModelRef
from tests.engines.endpoints import (
    DONE,
    NAME,
    STREAM,
    Endpoint,
    answer,
    at,
    event,
    piece,
    running,
    streamed,
)
from tests.engines.served import TOKEN, write_token

pytest.importorskip("llama_cpp")
SEEDLING = resolve(ModelRef("sage/seedling:q8_0"))
GREEDY = Sampling(temperature=0.0, top_p=1.0, top_k=0, min_p=0.0, repeat_penalty=1.0, max_tokens=8)
TALK = (Message("system", "You are a young mind."), Message("user", "Who are you?"))
WHOLE = (piece("I am"), piece(" Sage \U0001f642."), piece(finish="stop"), DONE)
CHUNKED = b"HTTP/1.1 200 X\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
MENU = b"\x1b[2J\x1b]0;owned\x07 <script>"


@pytest.fixture(scope="module")
def asking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Openai, Endpoint]]:
    """An engine with a token, and its endpoint, whose next answer each test gives."""
    token_file = write_token(tmp_path_factory.mktemp("token") / "token")
    with running(streamed()) as endpoint:
        told = {"url": endpoint.url, "model": NAME, "digest": "unstated", "token_file": str(token_file)}
        engine = Openai(Settings(512, 64, 1, 0, told))
        engine.load(SEEDLING)
        yield engine, endpoint
        engine.close()


def ask(engine: Openai) -> Reply:
    return engine.reply(TALK, Draw(GREEDY, 7), Deadline(20))


def error(status: int, message: str) -> bytes:
    """An answer as OpenAI's interface gives its errors."""
    body = json.dumps({"error": {"message": message, "type": "x", "code": None}}).encode()
    return answer(status, body, content_type="application/json")


BROKEN = [
    (answer(200, b"<html>" + MENU, content_type="text/html"), "answers with text/html where a stream was asked for"),
    (answer(200, b"{}", content_type="application/json"), "answers with application/json where a stream was asked for"),
    (answer(200, b""), "answers with something unnamed where a stream was asked for"),
    (answer(200, b"", content_type="a\x1b[2Jb"), r"answers with a\\x1b\[2Jb where a stream was asked for"),
    (STREAM, "ended after 0 tokens without a finish reason"),
    (STREAM + DONE, "ended after 0 tokens without a finish reason"),
    (STREAM + piece("I am") + DONE, "ended after 1 tokens without a finish reason"),
    (STREAM + piece(finish="content_filter"), "gave a reply up: content_filter"),
    (STREAM + piece(finish="\x1b[2Jodd"), r"gave a reply up: \\x1b\[2Jodd"),
    (STREAM + event({"error": {"message": "out of memory"}}), "gave a reply up: .*out of memory"),
    (STREAM + b"data: {broken\n\n", "a stream of something else than chunks of JSON"),
    (STREAM + b"data: [1, 2]\n\n", "a stream of something else than chunks of JSON"),
    (STREAM + b"data: " + b"[" * 50_000 + b"\n\n", "a stream of something else than chunks of JSON"),
    (STREAM + b'data: {"choices": [{"delta": {"content": "\xff\xfe"}}]}\n\n', "something else than chunks of JSON"),
    (STREAM + b'data: {"choices": [{"delta": {"content": "\\ud83d"}}]}\n\n', "something else than chunks of JSON"),
    (STREAM + event({"choices": [{"delta": {"content": 7}}]}), "something else than chunks of JSON"),
    (STREAM + piece("I", logprobs=(0.7,)), "something else than chunks of JSON"),
    (STREAM + b'data: {"choices": [{"logprobs": {"content": [{"logprob": NaN}]}}]}\n\n', "something else than chunks"),
    (STREAM + event({"usage": {"prompt_tokens": -1, "completion_tokens": 0}}), "something else than chunks of JSON"),
    (answer(200, b"x", content_type="text/event-stream", content_encoding="gzip"), "answers with packed words"),
    (b"", "broke off: Server disconnected"),
    (b"HTTP/1.1 200 X\r\ncontent-", "broke off: Server disconnected|broke off: peer closed"),
    (b"SSH-2.0-OpenSSH\r\n\r\n", "broke off: "),
    (b"HTTP/1.1 200 X\r\n" + b"a: b\r\n" * 50_000, "broke off: "),
    (CHUNKED + b"zz\r\nno size", "broke off: "),
    (CHUNKED + b"ff\r\ndata: ", "broke off: peer closed"),
    (error(500, "CUDA error"), "answers with status 500: CUDA error"),
    (answer(502, MENU), r"answers with status 502: \\x1b\[2J\\x1b\]0;owned\\x07 <script>"),
    (answer(500, b"\xff" * 2_000), "answers with status 500: \ufffd{300}$"),
    (answer(500, b"x" * 2_000_000), "answers with more than 1048576 bytes where few were asked for"),
    (answer(204, b""), "answers with status 204: nothing"),
]
REFUSED = [
    (error(400, "context length is 512"), r"does not take the question \(status 400\): context length is 512"),
    (answer(422, b'{"detail": [{"msg": "no such field"}]}'), r"\(status 422\): \[{'msg': 'no such field'}\]"),
    (answer(413, b""), r"\(status 413\): nothing"),
    (answer(401, b""), r"does not take the token of .*/token \(status 401\)"),
    (error(403, TOKEN), r"does not take the token of .*/token \(status 403\)$"),
    (answer(302, b"", location="https://me:x@evil.example/v1"), "sends whoever asks on to evil.example, and nothing"),
    (answer(307, b"", location="//evil.example:99"), "on to evil.example:99, and nothing"),
    (answer(301, b""), "on to another place, and nothing"),
    (answer(308, b"", location="http://[broken"), "on to another place, and nothing"),
]


def assert_told_well(refused: EndpointError) -> None:
    assert refused.hint
    assert refused.message.isprintable()
    assert len(refused.message) < 500
    assert TOKEN not in f"{refused.message} {refused.hint}"


@pytest.mark.parametrize(
    ("sent", "why", "kind"),
    [(*case, EndpointBroken) for case in BROKEN] + [(*case, EndpointRefused) for case in REFUSED],
)
def test_what_is_no_reply_is_refused(
    asking: tuple[Openai, Endpoint], sent: bytes, why: str, kind: type[EndpointError]
) -> None:
    engine, endpoint = asking
    endpoint.reply = lambda _: [sent]
    with pytest.raises(kind, match=why) as refused:
        ask(engine)
    assert type(refused.value) is kind
    assert_told_well(refused.value)
    endpoint.reply = streamed(*WHOLE)
    assert ask(engine).text == "I am Sage \U0001f642.", "the next one is heard"


def test_a_model_that_is_gone_names_those_there_are(asking: tuple[Openai, Endpoint]) -> None:
    engine, endpoint = asking
    endpoint.reply = lambda _: [error(404, "no such model")]
    with pytest.raises(EndpointRefused, match="served mind, and says status 404 now: no such model"):
        ask(engine)


@pytest.mark.parametrize(
    ("limit", "sent", "why"),
    [
        ("LONGEST_LINE", b"data: " + b"x" * 3_000, "a line of more than 2000 bytes"),
        ("MOST_BYTES", b": nothing\n" * 300, "more than 2000 bytes for one reply"),
    ],
)
def test_a_stream_is_no_longer_than_a_reply(
    asking: tuple[Openai, Endpoint], monkeypatch: pytest.MonkeyPatch, limit: str, sent: bytes, why: str
) -> None:
    monkeypatch.setattr(wire, limit, 2_000)
    engine, endpoint = asking
    endpoint.reply = lambda _: itertools.chain([STREAM], itertools.repeat(sent))
    with pytest.raises(EndpointBroken, match=why) as refused:
        ask(engine)
    assert_told_well(refused.value)


def chunked(data: bytes) -> bytes:
    """The bytes of a stream in one of HTTP's chunks for each event, with its end."""
    parts = [part + b"\n\n" for part in data.split(b"\n\n") if part]
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


PLAIN = STREAM + b"".join(WHOLE)
IN_CHUNKS = CHUNKED + chunked(b"".join(WHOLE))


@settings(max_examples=60)
@given(st.sampled_from([PLAIN, IN_CHUNKS]).flatmap(lambda sent: st.tuples(st.just(sent), st.integers(0, len(sent)))))
def test_a_reply_that_breaks_off_at_any_byte_is_whole_or_none(
    asking: tuple[Openai, Endpoint], cut: tuple[bytes, int]
) -> None:
    sent, at_byte = cut
    engine, endpoint = asking
    endpoint.reply = lambda _: [sent[:at_byte]]
    end = sent.index(b'"stop"') + len(b'"stop"}]}\n\n')
    if at_byte >= end:
        assert (ask(engine).text, ask(engine).finish_reason) == ("I am Sage \U0001f642.", "stop")
    else:
        with pytest.raises(EndpointBroken) as refused:
            ask(engine)
        assert_told_well(refused.value)


@settings(max_examples=40)
@given(st.lists(st.integers(1, 40), min_size=1, max_size=8))
def test_a_stream_may_come_in_pieces_of_any_size(asking: tuple[Openai, Endpoint], sizes: list[int]) -> None:
    def pieces(data: bytes) -> Iterable[bytes]:
        at_byte = 0
        for size in itertools.cycle(sizes):
            yield data[at_byte : at_byte + size]
            at_byte += size
            if at_byte >= len(data):
                return

    data = b"".join(WHOLE).replace(b"\n", b"\r\n")
    assert list(wire.chunks(pieces(data))) == list(wire.chunks([data]))
    assert len(list(wire.chunks(pieces(data)))) == 3


def test_a_token_goes_to_nobody_else(asking: tuple[Openai, Endpoint]) -> None:
    engine, endpoint = asking
    with running(streamed(*WHOLE)) as other:
        endpoint.reply = lambda _: [answer(307, b"", location=f"{other.url}/v1/chat/completions")]
        with pytest.raises(EndpointRefused, match=f"on to {at(other)}"):
            ask(engine)
        assert other.asked == []


def test_no_proxy_is_asked(asking: tuple[Openai, Endpoint], monkeypatch: pytest.MonkeyPatch) -> None:
    engine, endpoint = asking
    endpoint.reply = streamed(*WHOLE)
    with running(streamed()) as proxy:
        for name in ("HTTP_PROXY", "ALL_PROXY", "http_proxy", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        token_file = engine._options.token_file
        told = {"url": endpoint.url, "model": NAME, "digest": "unstated", "token_file": token_file}
        again = Openai(Settings(512, 64, 1, 0, told))
        again.load(SEEDLING)
        assert ask(again).text
        again.close()
        assert proxy.asked == []


LISTS: list[tuple[bytes, type[EndpointError], str]] = [
    (
        answer(200, b"<html>", content_type="text/html"),
        EndpointBroken,
        "text/html where a list of models was",
    ),
    (answer(200, b"[]", content_type="application/json"), EndpointBroken, "answers with no list of models"),
    (answer(200, b'{"data": [{"id": 3}]}', content_type="application/json"), EndpointBroken, "no list of models"),
    (answer(200, b'{"data": "\xff"}', content_type="application/json"), EndpointBroken, "no list of models"),
    (answer(404, b"not here"), EndpointBroken, "answers with status 404: not here"),
    (answer(401, b""), EndpointRefused, r"wants a token \(status 401\)"),
    (b"", EndpointBroken, "broke off"),
]


@pytest.mark.parametrize(("sent", "kind", "why"), LISTS)
def test_what_lists_no_models_is_refused_when_it_is_opened(sent: bytes, kind: type[EndpointError], why: str) -> None:
    with running(streamed(), lambda _: [sent]) as endpoint:
        engine = Openai(Settings(512, 64, 1, 0, {"url": endpoint.url, "model": NAME}))
        with pytest.raises(kind, match=why) as refused:
            engine.load(SEEDLING)
        assert_told_well(refused.value)
        with pytest.raises(RuntimeError, match="before load"):
            ask(engine)


def test_nobody_there_is_said(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    engine = Openai(Settings(512, 64, 1, 0, {"url": f"http://127.0.0.1:{port}"}))
    with pytest.raises(EndpointAway, match=r"does not answer: .*refused") as refused:
        engine.load(SEEDLING)
    assert_told_well(refused.value)


def test_a_stop_is_heard_while_nobody_takes_the_connection() -> None:
    with socket.socket() as listener, contextlib.ExitStack() as stack:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(4):  # as many as wait there; whoever comes then is not answered at all
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        side = OpenaiEndpoint(OpenaiOptions(url=f"http://127.0.0.1:{listener.getsockname()[1]}"))
        stop = threading.Event()
        threading.Timer(0.1, stop.set).start()
        began = time.monotonic()
        with pytest.raises(GivenUp) as given_up, side.reply(b"{}", Deadline(20, stop)):
            pass
        assert (given_up.value.reason, time.monotonic() - began < 2) == ("cancelled", True)


def test_a_name_that_nobody_has_is_said() -> None:
    side = OpenaiEndpoint(OpenaiOptions(url="https://nobody.invalid"))
    with pytest.raises(EndpointAway, match="does not answer: ") as refused:
        side.served(Deadline(20))
    assert_told_well(refused.value)
