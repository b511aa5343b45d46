"""One at a time, so many wait, the others come again; a repeated id gets the same answer; who leaves frees a place."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx2
import pytest
from starlette.requests import Request
from starlette.responses import Response

from tests.serve import behind
from tests.serve.behind import CHAT, WHOLE_STREAM, Gate, asked, event, standing, streamed, whole


class Slow:
    """A server that answers when it is let go on, with how often it has been asked."""

    def __init__(self) -> None:
        self.go_on, self.at_once, self.most, self.left = threading.Event(), 0, 0, 0

    async def __call__(self, request: Request) -> Response:
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        try:
            while not self.go_on.is_set():
                if await request.is_disconnected():
                    self.left += 1
                    break
                await asyncio.sleep(0.005)
        finally:
            self.at_once -= 1
        return streamed(WHOLE_STREAM) if (await request.json()).get("stream") else whole()


@pytest.fixture
def slow() -> Slow:
    return Slow()


@pytest.fixture
def gate(slow: Slow) -> Iterator[Gate]:
    with standing(slow, queue=2) as gate:
        yield gate
        slow.go_on.set()


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 5
    while not true():
        assert time.monotonic() < end
        time.sleep(0.005)


def test_one_is_answered_two_wait_and_the_others_come_again(gate: Gate, slow: Slow) -> None:
    with ThreadPoolExecutor(6) as pool:
        asked_all = [pool.submit(gate.ask, name=f"r{number}") for number in range(6)]
        until(lambda: sum(ask.done() for ask in asked_all) == 3)
        slow.go_on.set()
        responses = [ask.result() for ask in asked_all]
    assert Counter(response.status_code for response in responses) == {200: 3, 429: 3}
    assert {response.headers["x-request-id"] for response in responses} == {f"r{number}" for number in range(6)}
    for response in responses:
        assert response.status_code == 200 or 1 <= int(response.headers["retry-after"]) <= 120
    assert (slow.most, len(gate.server.questions)) == (1, 3)


@pytest.mark.parametrize("stream", [False, True])
def test_a_repeated_id_gets_the_same_answer_and_waits_for_one_under_way(gate: Gate, slow: Slow, stream: bool) -> None:
    with ThreadPoolExecutor(4) as pool:
        asked_all = [pool.submit(gate.ask, name="same", stream=stream) for _ in range(4)]
        until(lambda: gate.gateway.queue.inside == 1)
        time.sleep(0.05)
        slow.go_on.set()
        bodies = {ask.result().content for ask in asked_all}
    assert bodies == {gate.ask(name="same", stream=stream).content}
    assert len(gate.server.questions) == 1
    other = gate.ask("something else", name="same", stream=stream)
    assert (other.status_code, other.json()["error"]["code"]) == (409, "request_id_reused")


@pytest.mark.parametrize("stream", [False, True])
def test_a_client_that_leaves_frees_its_place(gate: Gate, slow: Slow, stream: bool) -> None:
    for _ in range(3):
        with pytest.raises(httpx2.TimeoutException):
            gate.client.post(CHAT, json=asked(stream=stream), timeout=0.1)
    until(lambda: gate.gateway.queue.inside == 0)
    until(lambda: slow.left >= 1)
    slow.go_on.set()
    assert gate.ask(stream=stream).status_code == 200
    assert [line["outcome"] for line in gate.accounts()] == ["left", "left", "left", "ok"]


def test_one_of_two_that_leaves_takes_nothing_from_the_other(gate: Gate, slow: Slow) -> None:
    with ThreadPoolExecutor(1) as pool:
        stays = pool.submit(gate.ask, name="both")
        until(lambda: gate.gateway.queue.inside == 1)
        with pytest.raises(httpx2.TimeoutException):
            gate.client.post(CHAT, json=asked(), timeout=0.1, headers={"x-request-id": "both"})
        slow.go_on.set()
        assert stays.result().status_code == 200
    assert len(gate.server.questions) == 1


def test_what_failed_may_be_asked_again(gate: Gate, slow: Slow) -> None:
    async def broken(request: Request) -> Response:
        return streamed(event("y"))

    gate.server.reply = broken
    assert "error" in gate.ask(name="again", stream=True).text
    gate.server.reply = slow
    slow.go_on.set()
    assert gate.ask(name="again", stream=True).content == WHOLE_STREAM


def test_a_gateway_that_drains_finishes_and_takes_no_more(gate: Gate, slow: Slow) -> None:
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(gate.ask)
        until(lambda: gate.gateway.queue.inside == 1)
        gate.gateway.is_draining = True
        refused = gate.ask()
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "10")
        assert gate.client.get("/health").status_code == 503
        slow.go_on.set()
        assert running.result().status_code == 200
    until(lambda: gate.gateway.answers.is_idle)


def test_without_a_server_each_request_is_told_so(gate: Gate) -> None:
    upstream, gate.gateway.upstream = gate.gateway.upstream, None
    response = gate.ask()
    gate.gateway.upstream = upstream
    assert (response.status_code, response.json()["error"]["code"]) == (503, "server_away")
    assert gate.gateway.queue.inside == 0


@pytest.mark.parametrize("stream", [False, True])
def test_nothing_waits_for_ever(stream: bool) -> None:
    async def silent(request: Request) -> Response:
        if stream:
            return streamed(*(event("y") for _ in range(100)), pause_s=0.05)
        await asyncio.sleep(2)
        return whole()

    with standing(silent, answer_s=0.2) as gate:
        response = gate.ask(stream=stream)
        assert ("answer_timeout" in response.text) or ("server_silent" in response.text)
        assert response.status_code == (200 if stream else 504)


def test_kept_answers_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sage_edge.serve.answers.KEPT", 3)
    with standing(behind.yes) as gate:
        for number in range(6):
            gate.ask(name=f"r{number}")
        gate.ask(name="r5")
        gate.ask(name="r0")
        assert len(gate.server.questions) == 7
        assert len(gate.gateway.answers) <= 4
