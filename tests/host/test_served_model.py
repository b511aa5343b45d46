"""The helper asks a real gateway over TLS for one token, and says what keeps it from getting one."""

from __future__ import annotations

import shutil
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import Response

from sage_edge.host import gateway_secrets, served_model
from sage_edge.host.board_paths import Places
from sage_edge.host.errors import Refusal
from sage_edge.host.machine import LocalEngine
from sage_edge.serve.listener import TlsFiles
from tests.serve.behind import TOKEN, Gate, standing, whole, yes


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Token, key and certificate as provisioning makes them, but for the token, which the gateway of the test knows."""
    path = tmp_path_factory.mktemp("gateway")
    gateway_secrets.complete(path, ("thor", "127.0.0.1"), renew=False)
    (path / "token").chmod(0o600)
    (path / "token").write_text(f"{TOKEN}\n")
    return path


@pytest.fixture
def places(tmp_path: Path, folder: Path) -> Places:
    """A board with a copy of it."""
    shutil.copytree(folder, Places(tmp_path).gateway)
    return Places(tmp_path)


@pytest.fixture(scope="module")
def gate(folder: Path) -> Iterator[Gate]:
    trust = ssl.create_default_context(cafile=str(folder / "cert.pem"))
    with standing(yes, tls=TlsFiles(folder / "cert.pem", folder / "key.pem"), trust=trust) as gate:
        yield gate


def container(port: int | str, address: str = "127.0.0.1") -> dict[str, Any]:
    """What the engine tells of a gateway that is published there."""
    return {
        "State": {"Running": True},
        "NetworkSettings": {"Ports": {"8080/tcp": [{"HostIp": address, "HostPort": str(port)}], "1/tcp": None}},
    }


def port_of(gate: Gate) -> str:
    return gate.url.rpartition(":")[2]


@pytest.mark.parametrize("address", ["127.0.0.1", "0.0.0.0", ""])  # noqa: S104 - where it is published
def test_a_token_is_drawn(places: Places, gate: Gate, address: str) -> None:
    assert " drew 1 token in 0." in served_model.ask(places, container(port_of(gate), address))
    assert gate.server.questions[-1]["max_tokens"] == 1


def refusal(places: Places, told: dict[str, Any]) -> str:
    with pytest.raises(Refusal) as refused:
        served_model.ask(places, told)
    assert refused.value.hint[0] == "where its token or its certificate is to blame: "
    words = refused.value.message
    assert words.startswith("the served model does not answer: ")
    assert TOKEN not in words
    return words.removeprefix("the served model does not answer: ")


def test_another_token_is_told(places: Places, gate: Gate) -> None:
    (places.gateway / "token").write_text("x" * 64)
    assert refusal(places, container(port_of(gate))) == "it refuses with 401: this gateway opens for its token alone"


def test_another_certificate_is_told(places: Places, gate: Gate) -> None:
    gateway_secrets.complete(places.gateway, ("thor", "127.0.0.1"), renew=True)
    assert refusal(places, container(port_of(gate))).startswith("its certificate is not that of this board: ")


def test_whatever_is_missing_on_the_board_is_told(places: Places, gate: Gate) -> None:
    (places.gateway / "token").unlink()
    assert refusal(places, container(port_of(gate))) == "this board has no token for it: No such file or directory"


def test_where_nobody_listens_that_is_told(places: Places) -> None:
    with socket.create_server(("127.0.0.1", 0)) as door:
        port = door.getsockname()[1]
    assert refusal(places, container(port)) == f"nothing answers at 127.0.0.1, port {port}: Connection refused"
    assert refusal(places, {"NetworkSettings": {"Ports": {}}}) == "its port is published nowhere"


@pytest.mark.parametrize(
    ("body", "status", "told"),
    [
        (
            b'{"choices": [{"finish_reason": "stop"}], "usage": {"completion_tokens": 0}}',
            200,
            "it answers without a token",
        ),
        (b'{"choices": [{"finish_reason": "stop"}]}', 200, "it answers 200, and nothing that could be understood"),
        (b"<html>", 500, "it refuses with 502: the model's server refused it with 500: None"),
    ],
)
def test_an_answer_that_is_none_is_told(places: Places, folder: Path, body: bytes, status: int, told: str) -> None:
    async def reply(request: Request) -> Response:
        return Response(body, status, media_type="application/json")

    with standing(reply, tls=TlsFiles(folder / "cert.pem", folder / "key.pem")) as gate:
        assert refusal(places, container(port_of(gate))) == told


class _Engine(LocalEngine):
    def __init__(self, there: dict[str, Any] | None) -> None:
        self._there = there

    def container(self, name: str) -> dict[str, Any] | None:
        return self._there if name == "sage-serve-1" else None


def test_what_verify_hears(places: Places, gate: Gate) -> None:
    assert served_model.told(places, _Engine(container(port_of(gate)))) == "answers"
    assert served_model.told(places, _Engine(None)) == "there is no container that serves"
    assert served_model.told(places, _Engine({"State": {"Running": False}})) == "its container does not run"
    (places.gateway / "token").unlink()
    assert served_model.told(places, _Engine(container(port_of(gate)))).endswith("No such file or directory")


def test_a_whole_answer_of_the_double_has_a_token() -> None:
    assert b'"completion_tokens": 1' in whole().body
