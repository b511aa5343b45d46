"""The gateway's door: the token, sizes, shapes, what is handed on, and what of a request is written down."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import httpx2
import pytest
from starlette.requests import Request
from starlette.responses import Response

from sage_edge.serve.api_error import ApiError
from tests.serve import behind
from tests.serve.behind import CHAT, DONE, MODEL, Gate, asked, event, standing, streamed, whole, yes


@pytest.fixture(scope="module")
def one() -> Iterator[Gate]:
    with standing(yes) as gate:
        yield gate


@pytest.fixture
def gate(one: Gate) -> Gate:
    """A gateway before a server that answers as it should; a test may change that."""
    one.server.reply = yes
    return one


def code(response: httpx2.Response) -> tuple[int, str]:
    return response.status_code, response.json()["error"]["code"]


def test_an_answer_is_handed_on_as_it_came(gate: Gate) -> None:
    response = gate.ask(max_tokens=3)
    assert response.status_code == 200
    assert response.content == whole().body
    assert response.headers["x-model-digest"] == MODEL.digest
    assert gate.server.questions[-1] == {**asked(), "max_tokens": 3, "model": "a/b:c"}


def test_a_stream_is_handed_on_as_it_came(gate: Gate) -> None:
    response = gate.ask(stream=True)
    assert response.headers["content-type"].startswith("text/event-stream")
    assert response.content == behind.WHOLE_STREAM


@pytest.mark.parametrize("header", ["", "Bearer wrong", "Basic " + behind.TOKEN, behind.TOKEN, "Bearer ä", "Bearer"])
def test_without_its_token_nothing_opens_but_health(gate: Gate, header: str) -> None:
    headers = {b"authorization": header.encode()}
    for path in ("/v1/models", "/metrics", "/nowhere"):
        assert code(gate.client.get(path, headers=headers)) == (401, "invalid_api_key")
    refused = gate.client.post(CHAT, json=asked(), headers=headers)
    assert (code(refused), refused.headers["www-authenticate"]) == ((401, "invalid_api_key"), "Bearer")
    healthy = gate.client.get("/health", headers=headers)
    assert (healthy.status_code, healthy.text) == (200, "ok\n")


def test_whoever_looks_whether_it_lives_is_counted_and_fills_no_log(gate: Gate) -> None:
    before = len(gate.accounts())
    page = gate.client.get("/metrics").text
    gate.client.get("/health")
    assert [line["path"] for line in gate.accounts()[before:]] == ["/metrics"]
    assert gate.client.get("/metrics").text != page


def test_the_model_is_named_with_the_digest_of_its_weights(gate: Gate) -> None:
    (model,) = gate.client.get("/v1/models").json()["data"]
    assert (model["id"], model["digest"]) == ("a/b:c", MODEL.digest)


def test_a_long_question_passes_and_one_beyond_the_limit_does_not(gate: Gate) -> None:
    assert gate.ask("x" * 100_000).status_code == 200
    assert code(gate.ask("x" * 200_000)) == (413, "body_too_large")
    pieces = iter([b"x" * 150_000, b"x" * 150_000])
    assert code(gate.client.post(CHAT, content=pieces)) == (413, "body_too_large")


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        (b"", (400, "bad_json")),
        (b"[]", (400, "bad_json")),
        (b"\xff{}", (400, "bad_json")),
        (b"[" * 150_000, (400, "bad_json")),
        (b'{"temperature": NaN}', (400, "bad_json")),
        (b'{"stream": 1}', (400, "invalid_request")),
        (b'{"model": "other/model:x"}', (404, "model_not_found")),
        (b'{"model": ["a/b:c"]}', (404, "model_not_found")),
    ],
)
def test_a_body_that_is_no_question_is_refused(gate: Gate, body: bytes, refusal: tuple[int, str]) -> None:
    before = len(gate.server.questions)
    assert code(gate.client.post(CHAT, content=body)) == refusal
    assert len(gate.server.questions) == before


@pytest.mark.parametrize("name", ["", "a b", "x" * 65, "../x", "ä"])
def test_an_id_that_is_none_is_refused(gate: Gate, name: str) -> None:
    response = gate.client.post(CHAT, json=asked(), headers={b"x-request-id": name.encode()})
    assert code(response) == (400, "bad_request_id")


def test_other_pages_and_methods_are_refused(gate: Gate) -> None:
    assert code(gate.client.get("/v1/nothing")) == (404, "not_found")
    assert code(gate.client.get(CHAT)) == (405, "not_allowed")


def test_a_request_leaves_one_line_without_its_words(gate: Gate) -> None:
    before = len(gate.accounts())
    gate.ask("a secret", name="mine", stream=True)
    (line,) = gate.accounts()[before:]
    assert set(line) == {"at", "id", "path", "status", "outcome", "prompt_tokens", "completion_tokens", "seconds"}
    assert (line["id"], line["status"], line["outcome"], line["completion_tokens"]) == ("mine", 200, "ok", 2)
    assert "secret" not in "".join(gate.lines)
    assert behind.TOKEN not in "".join(gate.lines)


def test_counters_are_there_for_prometheus(gate: Gate) -> None:
    gate.ask()
    page = gate.client.get("/metrics").text
    assert 'sage_requests_total{status="200"}' in page
    assert "sage_server_up 1.0" in page


def test_what_others_wrote_is_inert_and_short_in_an_error() -> None:
    error = ApiError(502, "x", "\x1b[31mred\n\u202e" + "y" * 10_000)
    assert len(error.body) < 700
    assert json.loads(error.body)["error"]["message"].startswith("\\x1b[31mred\\n\\u202ey")


HTML = b"<html>hello</html>"
LIES: dict[str, tuple[Callable[[], Response], tuple[int, str]]] = {
    "HTML": (lambda: raw(HTML, "text/html"), (502, "bad_answer")),
    "no UTF-8": (lambda: raw(b'{"choices": "\xff"}', "application/json"), (502, "bad_answer")),
    "a list": (lambda: raw(b"[]", "application/json"), (502, "bad_answer")),
    "no finish reason": (lambda: whole(finish=None), (502, "bad_answer")),
    "elsewhere": (lambda: raw(b"", "text/plain", 307), (502, "server_failed")),
    "a fault": (lambda: raw(b'{"error": {"message": "boom"}}', "", 500), (502, "server_failed")),
    "another token": (lambda: raw(b'{"detail": "no"}', "application/json", 401), (502, "server_failed")),
    "too long": (
        lambda: raw(b'{"error": {"message": "long", "code": "context_length_exceeded"}}', "", 400),
        (400, "context_length_exceeded"),
    ),
    "ill-formed": (
        lambda: raw(b'{"error": {"message": "2 validation errors:\\n  File \\"/x/y.py\\""}}', "", 500),
        (400, "invalid_request"),
    ),
}


def raw(body: bytes, media_type: str, status: int = 200) -> Response:
    return Response(body, status, media_type=media_type, headers={"location": "http://example.invalid/"})


@pytest.mark.parametrize("lie", LIES)
def test_a_server_that_says_what_is_no_answer(gate: Gate, lie: str) -> None:
    made, refusal = LIES[lie]

    async def reply(request: Request) -> Response:
        return made()

    gate.server.reply = reply
    refused = gate.ask()
    assert code(refused) == refusal
    assert "/x/y.py" not in refused.text


CUT = {
    "at once": (),
    "in an event": (event("y"), event("es")[:9]),
    "before its finish": (event("y"), event("es"), DONE),
    "before its end": (event("y"), event(finish="stop")),
    "by an error": (event("y"), b'data: {"error": {"message": "boom"}}\n\n', event(finish="stop"), DONE),
    "by no JSON": (event("y"), b"data: \xff\n\n", event(finish="stop"), DONE),
}


@pytest.mark.parametrize("how", CUT)
def test_a_stream_that_is_cut_ends_with_an_error(gate: Gate, how: str) -> None:
    async def reply(request: Request) -> Response:
        return streamed(*CUT[how])

    gate.server.reply = reply
    response = gate.ask(stream=True)
    *_, last, end = response.text.split("\n\n")
    assert end == ""
    assert json.loads(last.removeprefix("data: "))["error"]["type"] == "server_error"
    assert "boom" in last or how != "by an error"
    assert '"finish_reason": "stop"' not in response.text or how == "before its end"
    assert "[DONE]" not in response.text
    assert gate.accounts()[-1]["outcome"] != "ok"
