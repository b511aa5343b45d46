"""`sage-edge serve` as a program, with llama.cpp's own server behind it, over the seedling that ships."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
import pytest

from sage_edge.models.resolve import resolve
from tests.serve.behind import CHAT
from tests.serve.program import SEEDLING, Program, running, until

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    with running(tmp_path_factory.mktemp("serve")) as program:
        yield program


def is_gone(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    with contextlib.suppress(OSError):
        return stat.read_text().rpartition(")")[2].split()[0] == "Z"
    return True


def test_it_answers_by_the_name_and_the_digest_of_what_it_verified(program: Program) -> None:
    (model,) = program.client.get("/v1/models").json()["data"]
    assert (model["id"], model["digest"]) == (SEEDLING, resolve(SEEDLING).digest)
    answer = program.ask(temperature=0).json()
    assert answer["model"] == SEEDLING
    assert answer["choices"][0]["finish_reason"] in ("stop", "length")
    assert answer["usage"]["completion_tokens"] <= 24
    pieces = program.ask(temperature=0, stream=True).text.split("\n\n")
    assert pieces[-2:] == ["data: [DONE]", ""]
    drawn = [json.loads(piece.removeprefix("data: "))["choices"][0] for piece in pieces[:-2]]
    words = "".join(piece["delta"].get("content") or "" for piece in drawn)
    assert words == answer["choices"][0]["message"]["content"]


def test_its_servers_token_is_in_no_argument_and_opens_nothing(program: Program) -> None:
    words = Path(f"/proc/{program.child}/cmdline").read_bytes()
    assert b"api_key" not in words
    assert (program.folder / "state/serve/token").read_bytes().strip() not in words
    assert not list(Path(words.split(b"\0")[-2].decode()).parent.glob("*.json")), "its settings are gone once it is up"
    assert program.client.get("/v1/models", headers={"authorization": "Bearer known"}).status_code == 401


def test_a_question_longer_than_its_context_is_the_questions_fault(program: Program) -> None:
    refused = program.ask("word " * 20_000)
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "context_length_exceeded")
    ill_formed = program.client.post(CHAT, json={"messages": "no"})
    assert (ill_formed.status_code, ill_formed.json()["error"]["code"]) == (400, "invalid_request")
    assert "site-packages" not in ill_formed.text


def test_two_hundred_at_once_are_each_answered_once_or_told_to_come_again(program: Program) -> None:
    with ThreadPoolExecutor(200) as pool:
        responses = list(pool.map(lambda number: program.ask(name=f"all-{number}", max_tokens=4), range(200)))
    statuses = Counter(response.status_code for response in responses)
    assert set(statuses) == {200, 429}
    assert statuses[200] >= 17
    assert len({response.headers["x-request-id"] for response in responses}) == 200
    whole = [response.json()["id"] for response in responses if response.status_code == 200]
    assert len(whole) == len(set(whole))
    until(lambda: sum(str(line["id"]).startswith("all-") for line in program.lines()) == 200)
    assert program.is_up()


def test_whenever_its_server_is_killed_each_request_gets_an_answer_or_a_typed_error(program: Program) -> None:
    dice = random.Random(15)
    seen: Counter[str] = Counter()
    for number in range(3):
        until(lambda: program.ask().status_code == 200)
        child = program.child
        if number == 0:
            os.kill(child, signal.SIGSTOP)  # the first of them is surely under way
        with ThreadPoolExecutor(6) as pool:
            asked_all = [
                pool.submit(program.ask, name=f"kill-{number}-{one}", stream=one % 2 == 0, max_tokens=200)
                for one in range(6)
            ]
            time.sleep(dice.uniform(0.1, 0.3))
            os.kill(child, signal.SIGKILL)
            for response in (ask.result(timeout=60) for ask in asked_all):
                seen[outcome(response)] += 1
    assert sum(seen.values()) == 18
    assert set(seen) <= {"whole", "server_died", "server_away"}
    assert seen["server_died"] >= 1
    until(lambda: program.ask().status_code == 200)


def outcome(response: httpx2.Response) -> str:
    """What a request came to: `whole`, or the code of its error; an assertion fails for anything else."""
    if response.headers["content-type"].startswith("application/json"):
        document = response.json()
        return "whole" if response.status_code == 200 else str(document["error"]["code"])
    *_, last, end = response.text.split("\n\n")
    assert end == ""
    if last == "data: [DONE]":
        return "whole"
    return str(json.loads(last.removeprefix("data: "))["error"]["code"])


def test_asked_to_stop_it_finishes_what_runs_and_leaves_nothing(tmp_path: Path) -> None:
    with running(tmp_path) as program, ThreadPoolExecutor(1) as pool:
        child = program.child
        running_one = pool.submit(program.ask, stream=True, max_tokens=200, temperature=2.0)
        time.sleep(0.1)
        program.process.terminate()
        assert outcome(running_one.result()) == "whole"
        assert program.process.wait(20) == 0
        assert is_gone(child)


def test_killed_outright_it_leaves_no_server_behind(tmp_path: Path) -> None:
    with running(tmp_path) as program:
        child = program.child
        program.process.kill()
        until(lambda: is_gone(child), 10)
