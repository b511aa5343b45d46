"""A refusal names the page of the terms, where the token comes from and what to do; never the token itself."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import huggingface_hub
import pytest

from sage_edge import hints
from sage_edge.errors import HubRefused
from sage_edge.models.download import ranges
from sage_edge.models.download.hub import Hub
from sage_edge.models.download.partial import Partial
from sage_edge.models.download.ranges import RemoteFile, Transfer
from sage_edge.models.errors import ModelError
from tests.fakes import HandClock
from tests.models.hub_server import Fault, HubServer, git_oid

REPO = "tiny/base"
FILES = {"config.json": b"{}", "model.safetensors": b"weights" * 99}
SECRET = "hf_" + "Sw0rdf1sh" * 2
FORGED = "\x1b[31mrm -rf; visit evil.example"


@pytest.fixture
def server() -> Iterator[HubServer]:
    with HubServer() as running:
        yield running
    huggingface_hub.close_session()


CASES = json.loads((Path(__file__).resolve().parents[2] / "cases" / "hub" / "refusals.json").read_text("utf-8"))


def ask(hub: Hub, route: str, revision: str, folder: Path) -> None:
    """Ask for what a route gives."""
    if route == "/revision/":
        hub.revision(REPO)
    elif route == "/tree/":
        hub.files(REPO, revision)
    else:
        config, part = RemoteFile("config.json", 2, None, git_oid(b"{}")), Partial(folder, "config", 2)
        with part.opened():
            ranges.complete(part, config, Transfer(hub.at(REPO, revision), clock=HandClock()))


@pytest.mark.parametrize("route", ["/revision/", "/tree/", "/resolve/"])
@pytest.mark.parametrize("case", CASES)
def test_each_refusal_says_what_is_the_matter_and_what_to_do(
    server: HubServer,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    tmp_path: Path,
    case: str,
    route: str,
) -> None:
    refused = CASES[case]
    if refused["token"]:
        monkeypatch.setenv("HF_TOKEN", SECRET)
    revision = server.add(REPO, FILES)
    given = {"X-Error-Code": refused["code"], "X-Error-Message": refused["message"]}
    server.faults.append(Fault(route, status=refused["status"], headers=given, body=FORGED.encode()))
    commit = f"{REPO}@{revision[:7]}"
    what = {"/revision/": f"{REPO}@main", "/tree/": commit}.get(route, f"config.json of {commit}")
    with pytest.raises(HubRefused) as refusal:
        ask(Hub(server.endpoint), route, revision, tmp_path)
    assert refusal.value.message == f"the hub {refused['says'].format(what)}"
    assert hints.text(refusal.value.hint) == refused["hint"].replace("HUB", server.endpoint)
    assert (refusal.value.code, refusal.value.__cause__) == (3, None)
    said = refusal.value.message + hints.text(refusal.value.hint) + "".join(capfd.readouterr())
    assert SECRET not in said
    assert "evil" not in said


def test_the_file_of_a_login_is_named(server: HubServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    server.token = SECRET[::-1]
    (tmp_path / "token").write_text(f"{SECRET}\n")
    monkeypatch.setattr(huggingface_hub.constants, "HF_TOKEN_PATH", str(tmp_path / "token"))
    with pytest.raises(HubRefused) as refusal:
        Hub(server.endpoint).revision(REPO)
    assert refusal.value.message.startswith(
        f"the hub refuses the token in the file {tmp_path / 'token'}: it has expired"
    )
    assert SECRET not in refusal.value.message


def test_a_repository_that_has_moved_is_followed_and_gets_the_token(
    server: HubServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    revision = server.add("new/name", FILES)
    monkeypatch.setenv("HF_TOKEN", SECRET)
    server.faults.append(
        Fault("/api/models/tiny/base/", redirect=f"{server.endpoint}/api/models/new/name/tree/{revision}")
    )
    assert [file.path for file in Hub(server.endpoint).files(REPO, revision)] == sorted(FILES)
    assert [request.token for request in server.gets("/tree/")] == [f"Bearer {SECRET}"] * 2


@pytest.mark.parametrize("where", ["/tree/", "/resolve/"])
def test_a_token_goes_to_no_other_machine(server: HubServer, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    monkeypatch.setenv("HF_TOKEN", SECRET)
    revision = server.add(REPO, FILES)
    hub = Hub(server.endpoint)
    config = hub.files(REPO, revision)[0]
    with HubServer() as elsewhere:
        elsewhere.add(REPO, FILES)
        path = f"/api/models/{REPO}/tree/{revision}" if where == "/tree/" else f"/{REPO}/resolve/{revision}/config.json"
        server.faults.append(Fault(where, redirect=f"{elsewhere.endpoint}{path}"))
        if where == "/tree/":
            hub.files(REPO, revision)
        else:
            with hub.at(REPO, revision).open(config, 0, 2) as answer:
                assert b"".join(answer.pieces) == b"{}"
        assert [request.token for request in elsewhere.requests] == [None]


@pytest.mark.parametrize("status", [401, 403, 404, 410])
@pytest.mark.parametrize("token", ["", SECRET])
def test_a_host_to_which_the_hub_sends_is_told_from_the_hub(
    server: HubServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, status: int, token: str
) -> None:
    monkeypatch.setenv("HF_TOKEN", token)
    revision = server.add(REPO, FILES)
    with HubServer() as storage:
        host = storage.endpoint.removeprefix("http://")
        server.faults.append(Fault("/resolve/", redirect=f"{storage.endpoint}/signed?by={SECRET}"))
        storage.faults.append(Fault("/signed", status=status, body=FORGED.encode()))
        with pytest.raises(HubRefused) as refusal:
            ask(Hub(server.endpoint), "/resolve/", revision, tmp_path)
    what = f"config.json of {REPO}@{revision[:7]}"
    assert refusal.value.message == f"{host}, to which the hub sends for {what}, does not give it (status {status})"
    assert hints.text(refusal.value.hint) == (
        f"see whether a firewall or a proxy on the way refuses {host}; "
        "try again, it goes on where it stopped: sage-edge model prepare REF"
    )


def test_another_address_of_the_hub_says_what_a_hub_says(server: HubServer, tmp_path: Path) -> None:
    revision = server.add(REPO, FILES)
    with HubServer() as other:
        server.faults.append(Fault("/resolve/", redirect=f"{other.endpoint}/{REPO}/resolve/{revision}/config.json"))
        with pytest.raises(HubRefused, match=r"^the hub has no config\.json of "):
            ask(Hub(server.endpoint), "/resolve/", revision, tmp_path)


@pytest.mark.parametrize("body", [b"[" * 200_000, b'{"sha": ' * 100_000, b"[" + b" " * (33 << 20)])
@pytest.mark.parametrize("route", ["/revision/", "/tree/"])
def test_an_answer_without_bounds_is_left(server: HubServer, route: str, body: bytes) -> None:
    revision = server.add(REPO, FILES)
    server.faults.append(Fault(route, body=body))
    hub = Hub(server.endpoint)
    with pytest.raises(ModelError, match="answers with no listing of tiny/base"):
        hub.files(REPO, revision) if route == "/tree/" else hub.revision(REPO)
