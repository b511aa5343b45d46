"""A proxy's no is the proxy's: it is named by its variable, and no token is asked for."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from pathlib import Path

import huggingface_hub
import pytest

from sage_edge import hints
from sage_edge.errors import HubRefused, SageError, Unreachable
from sage_edge.models.download import hub_environment, ranges
from sage_edge.models.download.hub import Hub
from sage_edge.models.download.partial import Partial
from sage_edge.models.download.ranges import RemoteFile, Transfer
from tests.fakes import HandClock
from tests.models.hub_server import Fault, HubServer

FILE = RemoteFile("config.json", 2, None, "0" * 40)
LOGIN = "http://NAME:PASSWORD@HOST:PORT; then: sage-edge model prepare REF"


class Proxy(socketserver.ThreadingTCPServer):
    """Answers every request, CONNECT too, with one status and words of its own."""

    daemon_threads = True

    def __init__(self, status: int) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.status = status

    @property
    def address(self) -> str:
        return f"http://me:s3cr3t@127.0.0.1:{self.server_address[1]}"


class Answer(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        while self.rfile.readline().strip():
            pass
        assert isinstance(self.server, Proxy)
        line = f"HTTP/1.1 {self.server.status} visit evil.example\r\n"
        self.wfile.write(line.encode() + b"Content-Length: 0\r\nConnection: close\r\n\r\n")


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    huggingface_hub.close_session()
    yield
    huggingface_hub.close_session()


@pytest.fixture
def proxy(request: pytest.FixtureRequest) -> Iterator[Proxy]:
    with Proxy(getattr(request, "param", 407)) as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def refusals(hub: Hub, folder: Partial) -> Iterator[SageError]:
    """What each road to a hub says."""

    def bytes_of_it() -> None:
        with folder.opened():
            ranges.complete(folder, FILE, Transfer(hub.at("tiny/base", "0" * 40), clock=HandClock()))

    for ask in (lambda: hub.revision("tiny/base"), lambda: hub.files("tiny/base", "0" * 40), bytes_of_it):
        with pytest.raises(SageError) as refused:
            ask()
        yield refused.value


@pytest.mark.parametrize(
    ("name", "endpoint"),
    [
        ("HTTP_PROXY", "http://hub.invalid"),
        ("http_proxy", "http://hub.invalid"),
        ("HTTPS_PROXY", "https://hub.invalid"),
        ("ALL_PROXY", "http://hub.invalid"),
        ("ALL_PROXY", "https://hub.invalid"),
    ],
)
def test_a_proxy_that_wants_a_login_is_named(
    proxy: Proxy, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, endpoint: str
) -> None:
    monkeypatch.setenv(name, proxy.address)
    for refused in refusals(Hub(endpoint, clock=HandClock()), Partial(tmp_path, "config", 2)):
        assert isinstance(refused, HubRefused)
        assert refused.message == f"the proxy of the variable {name} wants another login (status 407)"
        assert hints.text(refused.hint) == f"write the proxy's own login into {name}: {LOGIN}"


def test_a_407_that_no_variable_names_is_a_proxys_too(tmp_path: Path) -> None:
    with HubServer() as server:
        server.faults.append(Fault("/", times=9, status=407))
        for refused in refusals(Hub(server.endpoint), Partial(tmp_path, "config", 2)):
            assert refused.message == "the proxy on the way to the hub wants another login (status 407)"
            assert "HF_TOKEN" not in hints.text(refused.hint)


@pytest.mark.parametrize("proxy", [403, 502], indirect=True)
def test_a_proxy_that_lets_nobody_through_is_named(proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", proxy.address)
    with pytest.raises(Unreachable) as refused:
        Hub("https://hub.invalid", clock=HandClock()).revision("tiny/base")
    assert refused.value.message == (
        "cannot reach the hub at https://hub.invalid, asked through the proxy of HTTPS_PROXY: "
        f"the proxy makes no connection (status {proxy.status})"
    )


def test_a_proxy_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with Proxy(407) as gone:
        address = gone.address
    monkeypatch.setenv("ALL_PROXY", address)
    with pytest.raises(Unreachable, match=r"http://hub.invalid, asked through the proxy of ALL_PROXY: \[Errno 111\]"):
        Hub("http://hub.invalid").revision("tiny/base")


@pytest.mark.parametrize(
    ("env", "name"),
    [
        ({}, None),
        ({"HTTP_PROXY": "a"}, None),
        ({"HTTPS_PROXY": "a"}, "HTTPS_PROXY"),
        ({"HTTPS_PROXY": "a", "https_proxy": "b"}, "https_proxy"),
        ({"HTTPS_PROXY": "a", "NO_PROXY": "hub.example"}, None),
        ({"HTTPS_PROXY": "a", "no_proxy": ".example"}, None),
        ({"HTTPS_PROXY": "a", "NO_PROXY": "*"}, None),
        ({"HTTPS_PROXY": "a", "NO_PROXY": "other.example"}, "HTTPS_PROXY"),
        ({"ALL_PROXY": "a"}, "ALL_PROXY"),
    ],
)
def test_which_variable_names_the_way(env: dict[str, str], name: str | None) -> None:
    assert hub_environment.proxy_for("https://hub.example", env) == name
