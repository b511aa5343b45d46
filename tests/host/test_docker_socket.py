"""Questions to an engine: what it answers comes back, what is no answer in time is a refusal."""

from __future__ import annotations

import json
import socket
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sage_edge.host import docker_socket
from sage_edge.host.errors import Refusal
from sage_edge.host.machine import LocalEngine


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "docker.sock")


@pytest.fixture
def listener(path: str) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()
        yield listener


def answering(listener: socket.socket, answer: bytes) -> list[bytes]:
    """Let the engine give one answer; what it was asked is in the list afterwards."""
    asked: list[bytes] = []

    def serve() -> None:
        line, _ = listener.accept()
        with line:
            asked.append(line.recv(1 << 16))
            line.sendall(answer)

    threading.Thread(target=serve, daemon=True).start()
    return asked


@pytest.mark.parametrize("head", [b"HTTP/1.0 200 OK", b"HTTP/1.1 200 OK\r\nContent-Length: 10", b"HTTP/1.0 200"])
def test_an_answer_is_read(listener: socket.socket, path: str, head: bytes) -> None:
    asked = answering(listener, head + b'\r\n\r\n[{"a": 1}]')
    assert LocalEngine(path).images() == [{"a": 1}]
    assert asked == [b"GET /images/json HTTP/1.0\r\nHost: docker\r\n\r\n"]


CHUNKED = b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n[{"a"\r\n5\r\n: 1}]\r\n0\r\n\r\n'
"""What we never get, because we ask in HTTP/1.0."""


@given(st.lists(st.dictionaries(st.text(), st.integers() | st.text()), min_size=1), st.data())
def test_what_is_cut_off_is_never_taken_for_an_answer(listed: list[dict[str, object]], data: st.DataObject) -> None:
    whole = b"HTTP/1.0 200 OK\r\nServer: Docker\r\n\r\n" + json.dumps(listed).encode()
    part = whole[: data.draw(st.integers(0, len(whole) - 1))]
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as there:
        path = f"{folder}/docker.sock"
        there.bind(path)
        there.listen()
        answering(there, part)
        with pytest.raises(Refusal) as refused:
            LocalEngine(path).images()
    assert refused.value.kind == "engine-silent"


def test_what_is_not_there_is_none(listener: socket.socket, path: str) -> None:
    answering(listener, b"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\n{}")
    assert LocalEngine(path).container("sage-agent-1") is None


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (b"HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n", "engine-refused"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n[", "engine-silent"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n[", "engine-silent"),
        (b"SSH-2.0-what\r\n", "engine-silent"),
        (b"", "engine-silent"),
        (b"HTTP/1.1 200x OK\r\n\r\n[]", "engine-silent"),
        (b"HTTP/2 200\r\n\r\n[]", "engine-silent"),
        (CHUNKED, "engine-silent"),
    ],
)
def test_what_is_no_answer_is_a_refusal(listener: socket.socket, path: str, answer: bytes, kind: str) -> None:
    answering(listener, answer)
    with pytest.raises(Refusal) as refused:
        LocalEngine(path).images()
    assert refused.value.kind == kind


def test_an_answer_without_end_is_cut(listener: socket.socket, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(docker_socket, "MOST_BYTES", 1000)
    answering(listener, b"HTTP/1.0 200 OK\r\n\r\n" + b"x" * 1001)
    with pytest.raises(Refusal, match="its answer is longer"):
        LocalEngine(path).images()


def test_a_silent_engine_is_not_waited_for(listener: socket.socket, path: str, tmp_path: Path) -> None:
    for engine in (LocalEngine(path, timeout_s=0.1), LocalEngine(str(tmp_path / "nobody"))):
        with pytest.raises(Refusal) as refused:
            engine.info()
        assert refused.value.kind == "engine-silent"
        assert "Errno" not in refused.value.message


def test_a_name_that_would_change_the_question_is_refused(path: str) -> None:
    with pytest.raises(Refusal, match="expected the name"):
        LocalEngine(path).image("a/../../info?x=1")
