"""The door to the hub: commits, listings and refusals, asked of a real server by the real client."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import huggingface_hub
import pytest

from sage_edge import hints
from sage_edge.errors import HubRefused, Unreachable
from sage_edge.models.download import hub as door
from sage_edge.models.download.hub import Hub
from sage_edge.models.download.ranges import RemoteFile
from sage_edge.models.errors import ModelError
from tests.fakes import HandClock
from tests.models.hub_server import Fault, HubServer, git_oid

REPO = "tiny/base"
WEIGHTS = b"weights" * 999
FILES = {"config.json": b"{}", "model.safetensors": WEIGHTS, "a/notes.txt": b"notes\n"}
OFFLINE = "connect this machine and try again; or take the model from a folder: sage-edge model import DIR --ref REF"


@pytest.fixture
def server() -> Iterator[HubServer]:
    with HubServer() as running:
        yield running
    huggingface_hub.close_session()


def test_a_branch_is_resolved_to_its_commit_and_a_commit_to_itself(server: HubServer) -> None:
    old = server.add(REPO, FILES)
    new = server.add(REPO, FILES | {"config.json": b"{ }"})
    hub = Hub(server.endpoint)
    assert hub.revision(REPO) == new
    assert hub.revision(REPO, "main") == new
    assert hub.revision(REPO, old) == old


@pytest.mark.parametrize("page", [1, 2, 1_000])
def test_a_listing_is_complete_however_it_is_paged(server: HubServer, page: int) -> None:
    server.page = page
    revision = server.add(REPO, FILES)
    found = {file.path: file for file in Hub(server.endpoint).files(REPO, revision)}
    assert list(found) == sorted(FILES)
    assert {path: file.size_bytes for path, file in found.items()} == {path: len(data) for path, data in FILES.items()}
    assert found["model.safetensors"].sha256 == f"sha256:{hashlib.sha256(WEIGHTS).hexdigest()}"
    assert found["config.json"] == RemoteFile("config.json", 2, None, git_oid(b"{}"))


def test_the_server_is_good_enough_for_the_whole_library(server: HubServer, tmp_path: Path) -> None:
    revision = server.add(REPO, FILES)
    for name, data in FILES.items():
        path = huggingface_hub.hf_hub_download(
            REPO, name, revision=revision, endpoint=server.endpoint, cache_dir=tmp_path
        )
        assert Path(path).read_bytes() == data


def test_the_address_comes_from_the_environment(server: HubServer) -> None:
    revision = server.add(REPO, FILES)
    assert Hub.from_env({"HF_ENDPOINT": server.endpoint + "/"}).revision(REPO) == revision
    assert Hub.from_env({}).endpoint == huggingface_hub.constants.ENDPOINT
    assert Hub("https://me:secret@hub.example/path").place == "https://hub.example"


def test_no_network_is_said_at_once_and_nothing_is_tried_again() -> None:
    with HubServer() as closed:
        pass
    clock = HandClock()
    hub = Hub(closed.endpoint, clock=clock)
    for ask in (lambda: hub.revision(REPO), lambda: hub.files(REPO, "0" * 40)):
        with pytest.raises(Unreachable) as refusal:
            ask()
        assert refusal.value.message == f"cannot reach the hub at {closed.endpoint}: [Errno 111] Connection refused"
        assert (refusal.value.code, hints.text(refusal.value.hint)) == (4, OFFLINE)
    with pytest.raises(Unreachable, match=r"cannot reach the hub at http://hub\.invalid: \[Errno -\d\]"):
        Hub("http://hub.invalid", clock=clock).revision(REPO)
    assert clock.waits == []


def test_offline_by_wish_is_said_at_once(server: HubServer, monkeypatch: pytest.MonkeyPatch) -> None:
    revision = server.add(REPO, FILES)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    hub = Hub(server.endpoint)
    with pytest.raises(Unreachable, match=r"cannot reach the hub at .*: HF_HUB_OFFLINE is set"):
        hub.revision(REPO)
    with (
        pytest.raises(Unreachable, match=r"cannot reach the hub at .*: HF_HUB_OFFLINE is set"),
        hub.at(REPO, revision).open(RemoteFile("config.json", 2, None, git_oid(b"{}")), 0, 2),
    ):
        pass
    assert server.requests == []


def test_a_hub_that_says_nothing_is_given_up(server: HubServer) -> None:
    server.add(REPO, FILES)
    server.faults.append(Fault("/revision/", stall_at=0))
    with pytest.raises(Unreachable, match=r"cannot reach the hub at .*: no answer in time"):
        Hub(server.endpoint, timeout_s=0.05).revision(REPO)


@pytest.mark.parametrize("route", ["/revision/", "/tree/"])
@pytest.mark.parametrize("status", [500, 503, 502])
def test_a_hub_in_trouble_is_asked_again_with_growing_pauses(server: HubServer, route: str, status: int) -> None:
    revision = server.add(REPO, FILES)
    clock = HandClock()
    hub = Hub(server.endpoint, clock=clock)
    server.faults.append(Fault(route, times=3, status=status))
    assert hub.revision(REPO) == revision
    assert len(hub.files(REPO, revision)) == 3
    assert clock.waits == [0.5, 1.0, 2.0]
    server.faults.append(Fault(route, times=4, status=status, headers={"Retry-After": "7"}))
    with pytest.raises(Unreachable, match=f"cannot reach the hub at .*: it answers with status {status}"):
        hub.files(REPO, hub.revision(REPO))
    assert clock.waits[3:] == [7.0, 7.0, 7.0]


def test_what_the_hub_does_not_have_or_does_not_give(server: HubServer) -> None:
    revision = server.add(REPO, FILES)
    hub = Hub(server.endpoint)
    with pytest.raises(HubRefused) as refusal:
        hub.revision("tiny/other")
    assert refusal.value.message == (
        "the hub has no tiny/other@main, or does not show it to this machine, which sends no token"
    )
    assert refusal.value.code == 3
    with pytest.raises(HubRefused, match="the hub has no tiny/base@nightly"):
        hub.revision(REPO, "nightly")
    with pytest.raises(HubRefused, match="the hub has no tiny/base@0000000"):
        hub.files(REPO, "0" * 40)
    server.faults.append(Fault("/tree/", status=403, headers={"X-Error-Code": "GatedRepo"}))
    with pytest.raises(HubRefused, match=r"gives tiny/base@.* only to who has agreed to its terms"):
        hub.files(REPO, revision)
    server.faults.append(Fault("/tree/", status=418))
    with pytest.raises(HubRefused, match=r"does not give tiny/base@.* \(status 418\)"):
        hub.files(REPO, revision)


@pytest.mark.parametrize("name", ["base", "tiny/base/more", "tiny/ba se", "../base@x", ""])
def test_a_name_that_is_no_repository_is_our_own_mistake(name: str) -> None:
    with pytest.raises(ValueError, match="expected"):
        Hub("http://127.0.0.1:9").files(name, "0" * 40)
    with pytest.raises(ValueError, match="expected"):
        Hub("http://127.0.0.1:9").at(REPO, "main")


FINE = {"type": "file", "path": "a", "size": 1, "oid": "0" * 40}


@pytest.mark.parametrize(
    "entry",
    [
        FINE | {"path": "../a"},
        FINE | {"path": "/etc/passwd"},
        FINE | {"path": "a\\b"},
        FINE | {"size": -1},
        FINE | {"size": "1"},
        FINE | {"oid": "main"},
        FINE | {"lfs": {"size": 1}},
        FINE | {"lfs": {"size": 1, "oid": "0" * 63}},
        {"path": "a"},
        "a",
        None,
    ],
)
def test_a_listing_that_makes_no_sense_is_refused(server: HubServer, entry: object) -> None:
    revision = server.add(REPO, FILES)
    server.faults.append(Fault("/tree/", body=json.dumps([entry]).encode()))
    with pytest.raises(ModelError) as refusal:
        Hub(server.endpoint).files(REPO, revision)
    wanted = f"the hub at {server.endpoint} answers with no listing of tiny/base@{revision[:7]}"
    assert (refusal.value.message, hints.text(refusal.value.hint)) == (wanted, "see whether HF_ENDPOINT names a hub")


@pytest.mark.parametrize(
    "odd",
    [
        {"path": "odd\\name.png"},
        {"path": "../odd.png"},
        {"path": "odd.png", "size": -1},
        {"path": "odd.png", "size": None},
        {"path": "odd.png", "oid": "none"},
        {"path": "odd.png", "lfs": {"size": 1}},
        {"path": "o\x1bdd.png"},
    ],
)
def test_a_file_that_nobody_wants_spoils_no_listing(server: HubServer, odd: dict[str, object]) -> None:
    revision = server.add(REPO, FILES)
    page = [FINE, FINE | odd, FINE | {"path": "z"}]
    server.faults += [Fault("/tree/", body=json.dumps(page).encode()) for _ in range(2)]
    hub = Hub(server.endpoint)
    assert [file.path for file in hub.files(REPO, revision, lambda path: not path.endswith(".png"))] == ["a", "z"]
    with pytest.raises(ModelError, match="no listing"):
        hub.files(REPO, revision)


@pytest.mark.parametrize("body", [b"<html>log in to the hotel</html>", b"{}", b'"x"', b'{"sha": "main"}', b"\xff"])
@pytest.mark.parametrize("route", ["/tree/", "/revision/"])
def test_an_answer_of_somebody_else_is_refused(server: HubServer, route: str, body: bytes) -> None:
    revision = server.add(REPO, FILES)
    server.faults.append(Fault(route, body=body))
    with pytest.raises(ModelError, match="answers with no listing of tiny/base"):
        Hub(server.endpoint).files(REPO, Hub(server.endpoint).revision(REPO))
    assert revision


def test_a_listing_that_never_ends_or_goes_elsewhere_is_left(
    server: HubServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.page = 1
    revision = server.add(REPO, FILES)
    monkeypatch.setattr(door, "_MOST_PAGES", 2)
    with pytest.raises(ModelError, match="without an end"):
        Hub(server.endpoint).files(REPO, revision)
    link = {"Link": '<http://127.0.0.1:9/x>; rel="next"'}
    server.faults.append(Fault("/tree/", status=200, headers=link, body=b"[]"))
    with pytest.raises(ModelError, match="goes on elsewhere"):
        Hub(server.endpoint).files(REPO, revision)


def test_the_token_of_the_environment_is_sent_and_never_said(
    server: HubServer, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    revision = server.add(REPO, FILES)
    server.token = "hf_" + "secret" * 2
    monkeypatch.setenv("HF_TOKEN", "hf_wrongwrong")
    with pytest.raises(HubRefused) as refusal:
        Hub(server.endpoint).revision(REPO)
    assert refusal.value.message.startswith("the hub refuses the token in the variable HF_TOKEN: it has expired, was")
    assert (refusal.value.__cause__, refusal.value.__context__) == (None, None)
    monkeypatch.setenv("HF_TOKEN", server.token)
    assert Hub(server.endpoint).revision(REPO) == revision
    assert {file.path for file in Hub(server.endpoint).files(REPO, revision)} == set(FILES)
    monkeypatch.setenv("HF_TOKEN", "hf_größe")
    with pytest.raises(HubRefused, match="the login of this machine is no token of the hub"):
        Hub(server.endpoint).revision(REPO)
    assert "hf_" not in refusal.value.message + hints.text(refusal.value.hint) + "".join(capfd.readouterr())


def test_the_hubs_own_login_counts_too(server: HubServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    server.token = "hf_" + "fromfile"
    revision = server.add(REPO, FILES)
    (tmp_path / "token").write_text("hf_fromfile\n")
    monkeypatch.setattr(huggingface_hub.constants, "HF_TOKEN_PATH", str(tmp_path / "token"))
    assert Hub(server.endpoint).revision(REPO) == revision


def test_without_the_library_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "huggingface_hub", None)
    with pytest.raises(ModelError) as refusal:
        Hub("http://127.0.0.1:9").revision(REPO)
    assert (refusal.value.message, hints.text(refusal.value.hint)) == (
        "huggingface_hub is not installed",
        "pip install 'sage-edge[researcher]'",
    )
