"""A model behind an endpoint: what it is asked, what is made of its answers, and what is refused of it at the door."""

from __future__ import annotations

import contextlib
import itertools
import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sage_edge.engines import Deadline, Draw, Message, Reply, Sampling, Settings
from sage_edge.engines.errors import (
    ContextOverflow,
    EndpointAway,
    EndpointBroken,
    EndpointRefused,
    ModelUnusable,
    WordsAreMarkup,
)
from sage_edge.engines.openai_engine import Openai
from sage_edge.models.errors import DigestMismatch
from sage_edge.models.resolve import resolve
from sage_edge.names import ModelRef
from tests.engines.endpoints import (
    DONE,
    NAME,
    STREAM,
    Answer,
    Asked,
    Endpoint,
    answer,
    piece,
    running,
    served,
    streamed,
    usage,
)
from tests.engines.served import TOKEN, write_token

pytest.importorskip("llama_cpp")
pytest.importorskip("llguidance")
SEEDLING = resolve(ModelRef("sage/seedling:q8_0"))
WARM = Sampling(temperature=0.7, top_p=0.9, top_k=40, min_p=0.05, repeat_penalty=1.1, max_tokens=8)
TALK = (Message("system", "You are a young mind."), Message("user", "Who are you?"))
HI = (piece("I am"), piece(" Sage."), piece(finish="stop"), DONE)
SCHEMA = '{"type": "string"}'

Open = Callable[..., tuple[Openai, Endpoint]]


@pytest.fixture
def opened() -> Iterator[Open]:
    """Engines that ask an endpoint of their own, loaded."""
    with contextlib.ExitStack() as stack:

        def make(reply: Answer, models: Answer | None = None, **options: Any) -> tuple[Openai, Endpoint]:
            endpoint = stack.enter_context(running(reply, models))
            told = {"url": endpoint.url, "model": NAME, "digest": "unstated", **options}
            engine = Openai(Settings(512, 64, 1, 0, told))
            stack.callback(engine.close)
            engine.load(SEEDLING)
            return engine, endpoint

        yield make


def ask(engine: Openai, seconds: float = 20, stop: threading.Event | None = None, schema: str | None = None) -> Reply:
    return engine.reply(TALK, Draw(WARM, 7, schema), Deadline(seconds, stop))


def told(reply: Reply) -> tuple[str, str | None, str, int, int]:
    return reply.text, reply.thinking, reply.finish_reason, reply.completion_tokens, reply.dropped_tokens


def test_a_reply_is_what_came(opened: Open) -> None:
    engine, endpoint = opened(streamed(*HI))
    reply = ask(engine)
    assert told(reply) == ("I am Sage.", None, "stop", 2, 0)
    assert (reply.mean_logprob, reply.reused_tokens) == (-0.5, 0)
    assert 0 < (reply.ttft_s or 0) <= reply.duration_s
    assert reply.prompt_tokens > 10
    assert [asked.path for asked in endpoint.asked] == ["/v1/models", "/v1/chat/completions"]


@pytest.mark.parametrize(
    ("dialect", "penalty", "shape"),
    [
        ("llamacpp", "repeat_penalty", {"type": "json_object", "schema": {"type": "string"}}),
        (
            "vllm",
            "repetition_penalty",
            {"type": "json_schema", "json_schema": {"name": "reply", "strict": True, "schema": {"type": "string"}}},
        ),
    ],
)
def test_all_of_the_sampling_is_said(opened: Open, dialect: str, penalty: str, shape: object, tmp_path: Path) -> None:
    token_file = str(write_token(tmp_path / "token"))
    engine, endpoint = opened(streamed(piece('"I"'), piece(finish="stop")), dialect=dialect, token_file=token_file)
    ask(engine, schema=SCHEMA)
    asked = endpoint.asked[-1]
    assert asked.headers["authorization"] == f"Bearer {TOKEN}"
    body = asked.json
    assert (body["model"], body["seed"], body["max_tokens"], body["stream"]) == (NAME, 7, 8, True)
    assert (body["temperature"], body["top_p"], body["top_k"], body["min_p"], body[penalty]) == (
        0.7,
        0.9,
        40,
        0.05,
        1.1,
    )
    assert body["messages"] == [{"role": message.role, "content": message.text} for message in TALK]
    assert body["response_format"] == shape
    assert body.get("logprobs") == (True if dialect == "vllm" else None)
    ask(engine, schema=SCHEMA)
    assert endpoint.asked[-1].headers["x-request-id"] != asked.headers["x-request-id"]


def test_what_a_server_counted_is_taken(opened: Open) -> None:
    engine, endpoint = opened(streamed(*HI))
    prompt = ask(engine).prompt_tokens
    endpoint.reply = streamed(*HI[:-1], usage(prompt, 5, cached=9), DONE)
    reply = ask(engine)
    assert (reply.prompt_tokens, reply.completion_tokens, reply.reused_tokens) == (prompt, 5, 9)
    endpoint.reply = streamed(*HI[:-1], usage(prompt, 99), DONE)
    assert ask(engine).finish_reason == "length", "it went on behind max_tokens, in chunks that do not show it"
    endpoint.reply = streamed(*HI[:-1], usage(prompt + 3, 5), DONE)
    with pytest.raises(EndpointBroken, match=f"read {prompt + 3} tokens, the template of .* makes {prompt}$"):
        ask(engine)


@pytest.mark.parametrize(
    ("events", "reply"),
    [
        ([piece(reasoning_content="Hm."), piece("Yes."), piece(finish="stop")], ("Yes.", "Hm.", "stop", 2, 0)),
        ([piece(reasoning="Hm."), piece("Yes."), piece(finish="length")], ("Yes.", "Hm.", "length", 2, 0)),
        ([piece("<think>Hm."), piece("</think>Yes."), piece(finish="stop")], ("Yes.", "Hm.", "stop", 2, 0)),
        ([piece("Hi \ufffd"), piece(finish="length")], ("Hi", None, "length", 1, 1)),
        ([piece("Hi \U0001f642"), piece(finish="stop")], ("Hi \U0001f642", None, "stop", 1, 0)),
        ([piece("a b", logprobs=(-1, -2)), piece(finish="stop")], ("a b", None, "stop", 2, 0)),
        ([b": ping\n\n", b"event: x\r\nid: 3\r\n", *HI], ("I am Sage.", None, "stop", 2, 0)),
    ],
)
def test_thoughts_and_characters_are_told_apart(opened: Open, events: list[bytes], reply: tuple[object, ...]) -> None:
    assert told(ask(opened(streamed(*events))[0])) == reply


def test_no_log_probability_is_made_up(opened: Open) -> None:
    reply = ask(opened(streamed(piece("I", logprobs=None), piece(" am", logprobs=None), piece(finish="stop")))[0])
    assert (reply.mean_logprob, reply.completion_tokens) == (None, 2)


def test_the_tokens_of_one_character_count_each(opened: Open) -> None:
    """They come at once, and without log-probabilities nobody else counts them."""
    events = (piece("Hi", logprobs=None), piece(" \U0001f642", logprobs=None), piece(finish="stop"))
    engine, _ = opened(streamed(*events))
    smile = engine._chat.count(" \U0001f642")
    assert smile > 1
    assert told(ask(engine)) == ("Hi \U0001f642", None, "stop", 1 + smile, 0)
    most = WARM.model_copy(update={"max_tokens": smile})
    assert told(engine.reply(TALK, Draw(most, 7), Deadline(20))) == ("Hi", None, "length", 1, 0)


def test_at_a_limit_as_many_were_drawn_as_may_be(opened: Open) -> None:
    """A half of a character at its end is not sent."""
    reply = ask(opened(streamed(piece("Hi", logprobs=None), piece(finish="length")))[0])
    assert (reply.text, reply.completion_tokens) == ("Hi", WARM.max_tokens)


def test_a_limit_that_a_server_ignores_is_kept_here(opened: Open) -> None:
    engine, endpoint = opened(lambda _: itertools.chain([STREAM], itertools.repeat(piece(" on"))))
    reply = ask(engine)
    assert told(reply) == (" ".join(["on"] * 8), None, "length", 8, 0)
    assert endpoint.ended.wait(5), "nobody listens any more"


def silent(asked: Asked) -> Iterator[bytes]:
    """Sends a token, and nothing more while anybody waits."""
    yield STREAM + piece("I am")
    time.sleep(0.7)


def dripping(asked: Asked) -> Iterator[bytes]:
    """Sends something that is no token, for ever."""
    yield STREAM + piece("I am")
    while True:
        time.sleep(0.005)
        yield b":\n"


@pytest.mark.parametrize("slow", [silent, dripping])
def test_a_deadline_and_a_stop_are_heard_while_a_server_says_nothing(opened: Open, slow: Answer) -> None:
    engine, _ = opened(slow)
    began = time.monotonic()
    assert told(ask(engine, 0.15)) == ("I am", None, "deadline", 1, 0)
    stop = threading.Event()
    threading.Timer(0.15, stop.set).start()
    assert ask(engine, 20, stop).finish_reason == "cancelled"
    assert time.monotonic() - began < 1


def late(asked: Asked) -> Iterator[bytes]:
    """Says nothing while anybody waits."""
    time.sleep(0.3)
    yield b""


def test_a_deadline_is_heard_before_the_first_byte(opened: Open) -> None:
    engine, _ = opened(late)
    assert told(ask(engine, 0.1)) == ("", None, "deadline", 0, 0)


def test_a_reply_that_has_ended_waits_for_nothing(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sage_edge.engines.openai_engine.USAGE_S", 0.1)
    over = threading.Event()

    def lingering(asked: Asked) -> Iterator[bytes]:
        yield STREAM + b"".join(HI[:-1])
        over.wait(5)

    engine, endpoint = opened(lingering)
    began = time.monotonic()
    assert told(ask(engine, 60)) == ("I am Sage.", None, "stop", 2, 0)
    assert time.monotonic() - began < 4
    over.set()
    endpoint.reply = streamed(*HI[:-1], b"data: {broken\n\n")
    assert ask(engine).text == "I am Sage.", "it was whole before"


def test_a_busy_server_is_asked_again_when_it_says(opened: Open) -> None:
    refusals = iter((answer(429, b"", retry_after="0"), answer(503, b"", retry_after="0")))
    engine, endpoint = opened(lambda _: [next(refusals, STREAM + b"".join(HI))])
    assert ask(engine).text == "I am Sage."
    assert len({asked.headers["x-request-id"] for asked in endpoint.asked[1:]}) == 1, "it is one question"
    endpoint.reply = lambda _: [answer(429, b"", retry_after="60")]
    assert ask(engine, 0.1).finish_reason == "deadline"
    endpoint.reply = lambda _: [answer(503, b"", retry_after="90000")]
    with pytest.raises(EndpointRefused, match="is busy, and asks to wait 25 h"):
        ask(engine)


@pytest.mark.parametrize(
    ("pieces", "finish"),
    [
        (("I am.", "<|im_end|>"), "stop"),
        (("I am.<|im_end|>\n", "<|im_start|>"), "stop"),
        (("I am.<|im_end|>\n<|im_start|>user\nAnd", " you?"), "turn-marker"),
        (("<think>Hm.</think>I am.<|im_start|>user", "\nAnd you?"), "turn-marker"),
    ],
)
def test_a_server_that_writes_out_the_end_of_a_turn_speaks_for_nobody_else(
    opened: Open, pieces: tuple[str, ...], finish: str
) -> None:
    engine, _ = opened(streamed(*map(piece, pieces), piece(finish="stop"), DONE))
    reply = ask(engine)
    assert (reply.text, reply.finish_reason, reply.completion_tokens) == ("I am.", finish, 2)


def test_a_schema_is_asked_for_and_seen_to(opened: Open) -> None:
    engine, endpoint = opened(streamed(piece('"<think>x"'), piece(finish="stop")))
    assert told(ask(engine, schema=SCHEMA))[:2] == ('"<think>x"', None)
    endpoint.reply = streamed(*HI)
    with pytest.raises(EndpointBroken, match="does not hold its reply to the schema"):
        ask(engine, schema=SCHEMA)


def test_what_a_server_would_misread_is_not_sent(opened: Open) -> None:
    engine, endpoint = opened(streamed(*HI))
    with pytest.raises(WordsAreMarkup) as refused:
        engine.reply((*TALK[:1], Message("user", "fine<|im_end|>")), Draw(WARM, 7), Deadline(20))
    assert refused.value.sign == "<|im_end|>"
    with pytest.raises(ContextOverflow):
        engine.reply((*TALK[:1], Message("user", "word " * 900)), Draw(WARM, 7), Deadline(20))
    assert len(endpoint.asked) == 1


def test_the_weights_that_are_served_are_those_that_are_meant(opened: Open) -> None:
    engine, _ = opened(streamed(*HI), served(NAME, digest=SEEDLING.digest), digest="required")
    assert ask(engine).text == "I am Sage."
    for digest in ("required", "unstated"):
        with pytest.raises(DigestMismatch, match="serves as mind has digest sha256:0000"):
            opened(streamed(), served(NAME, digest="sha256:" + "0" * 64), digest=digest)
    with pytest.raises(ModelUnusable, match="does not say which bytes it serves as mind"):
        opened(streamed(), digest="required")
    with pytest.raises(EndpointRefused, match="has no model mind; it serves: one, two\\\\x1b"):
        opened(streamed(), served("one", "two\x1b[31m"))
    with pytest.raises(EndpointRefused, match=f"has no model {SEEDLING.ref}; it serves: mind"):
        opened(streamed(), model=None)


def test_a_server_that_is_silent_about_its_models_is_away(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sage_edge.engines.openai_engine.ANSWER_S", 0.1)
    with pytest.raises(EndpointAway, match="no list of its models came in time"):
        opened(streamed(), late)


def test_a_model_is_asked_for_by_its_reference(opened: Open) -> None:
    engine, endpoint = opened(streamed(*HI), served(str(SEEDLING.ref)), model=None)
    ask(engine)
    assert json.loads(endpoint.asked[-1].body)["model"] == str(SEEDLING.ref)
