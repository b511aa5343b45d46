"""An early connection is like any other, used once, and only where the checked declarations lead to the same host."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sage_edge.errors import Unreachable
from sage_edge.names import HostName
from sage_edge.remote.board import helper_call, helper_zipapp
from sage_edge.remote.errors import KeyChanged, KeyUnknown, WrongBoard
from sage_edge.remote.ssh.cancellation import Stop
from sage_edge.shell import Result
from sage_edge.workstation import context, deploy_tasks, early_connection, rollout_service
from sage_edge.workstation.context import FleetContext
from sage_edge.workstation.early_connection import EarlyConnection, EarlyConnections
from tests.deploy import boards, fleetfacts
from tests.deploy.boards import Board, needs_ssh
from tests.deploy.conftest import identity, running_sprout, running_thor
from tests.workstation.direct import call

__all__ = ["identity", "running_sprout", "running_thor"]
SPROUT = HostName("sprout")
pytestmark = needs_ssh


@pytest.fixture
def fleet(tmp_path: Path, running_sprout: Board, identity: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fleet folder whose addresses are of a real sshd."""
    folder = boards.fleet(tmp_path / "fleet", (running_sprout,), identity)
    (folder / "fleet.yaml").touch()
    monkeypatch.setenv("SAGE_FLEET", str(folder))
    return folder


@pytest.fixture
def probes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every call of a board's helper, which answers as a board that was never deployed to."""
    verbs: list[str] = []

    def answer(remote: Any, verb: str, *_: Any, **__: Any) -> Result:
        verbs.append(verb)
        assert remote.run("echo here").text == "here"
        document = {"helper": helper_zipapp.packed().short, "ok": True, "result": fleetfacts.told()}
        return Result(0, json.dumps(document).encode(), b"")

    monkeypatch.setattr(helper_call, "call", answer)
    return verbs


def begun(fleet: Path, overlay: str = "") -> EarlyConnection:
    """The connection to sprout that words on the command line begin."""
    connections = early_connection.begin("sprout", overlay) or pytest.fail("nothing was begun")
    return connections.take(fleet, SPROUT) or pytest.fail("sprout was not reached")


def desk(fleet: Path, early: EarlyConnections | None) -> FleetContext:
    return FleetContext(fleet.parent, replace(fleetfacts.fleet(), addresses=fleet), early)


def test_the_first_look_needs_no_second_question(fleet: Path, probes: list[str]) -> None:
    here = desk(fleet, early_connection.begin("sprout", ""))
    with here.board(SPROUT) as board:
        assert board.facts().host == SPROUT
        assert probes == ["probe"]
        board.facts()
        assert probes == ["probe", "probe"]
    with here.board(SPROUT) as anew:
        assert anew is not board
        anew.facts()
    assert len(probes) == 3


def test_other_addresses_than_the_checked_ones_are_not_used(fleet: Path, tmp_path: Path, probes: list[str]) -> None:
    connections = early_connection.begin("sprout, sprout", "") or pytest.fail("nothing was begun")
    assert connections.take(tmp_path, SPROUT) is None
    assert connections.take(fleet, HostName("thor")) is None
    assert connections.take(fleet, SPROUT) is not None
    assert connections.take(fleet, SPROUT) is None


def test_an_overlay_says_where_hosts_are(fleet: Path, tmp_path: Path, probes: list[str]) -> None:
    (fleet / "overlays").mkdir()
    (fleet / "overlays" / "sim.yaml").write_text("format: 1\naddresses: .sage/sim   # written by sim.up\n", "utf-8")
    (tmp_path / ".sage").mkdir()
    (tmp_path / ".sage" / "sim").symlink_to(fleet)
    with begun(tmp_path / ".sage" / "sim", "sim").entered() as board:
        assert board.host == SPROUT


@pytest.mark.parametrize("overlay", ["", "nowhere", "list", "broken", "../fleet"])
@pytest.mark.parametrize("hosts", ["", " , ", "Not A Name", "-oProxyCommand=true", "sprout,../x"])
def test_what_is_wrong_is_not_told_here(fleet: Path, hosts: str, overlay: str) -> None:
    (fleet / "overlays").mkdir()
    (fleet / "overlays" / "list.yaml").write_text("- addresses\n", "utf-8")
    (fleet / "overlays" / "broken.yaml").write_text("{", "utf-8")
    assert early_connection.begin(hosts, overlay) is None
    assert overlay == "" or early_connection.begin("sprout", overlay) is None


def test_nobody_is_asked_whose_key_is_not_pinned(fleet: Path, running_sprout: Board) -> None:
    (fleet / "known_hosts").write_text("# nobody\n", "utf-8")
    with socket.create_server(("127.0.0.1", 0)) as there:
        there.settimeout(0.2)
        config, port = fleet / "ssh_config", there.getsockname()[1]
        config.write_text(config.read_text("utf-8").replace(f"Port {running_sprout.port}", f"Port {port}"), "utf-8")
        with pytest.raises(KeyUnknown), begun(fleet).entered():
            pass
        with pytest.raises(TimeoutError):
            there.accept()


def test_another_key_is_refused(fleet: Path, running_thor: Board, probes: list[str]) -> None:
    (fleet / "known_hosts").write_text(f"sprout {running_thor.public_key}\n", "utf-8")
    with pytest.raises(KeyChanged), begun(fleet).entered():
        pass
    assert probes == []


def test_another_host_s_board_is_refused(fleet: Path, probes: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    card = fleetfacts.TOLD["card"].replace("host: sprout", "host: thor")
    monkeypatch.setattr(fleetfacts, "told", lambda: {**fleetfacts.TOLD, "card": card})
    here = desk(fleet, early_connection.begin("sprout", ""))
    with pytest.raises(WrongBoard, match="its card says host thor"):
        rollout_service.back(here, [SPROUT], None, as_json=False)
    assert probes == ["probe"]


def test_a_board_that_is_off_is_unreachable(fleet: Path, running_sprout: Board) -> None:
    config = fleet / "ssh_config"
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        config.write_text(config.read_text("utf-8").replace(f"Port {running_sprout.port}", f"Port {port}"), "utf-8")
        with pytest.raises(Unreachable), begun(fleet).entered():
            pass


def test_an_error_is_not_taken_for_a_wait(fleet: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Python 3.10 has two TimeoutErrors, and a board may raise one, too."""

    def late(*_: object, **__: object) -> Result:
        raise TimeoutError("too late")

    monkeypatch.setattr(helper_call, "call", late)
    with pytest.raises(TimeoutError, match="too late"), begun(fleet).entered():
        pass


def test_who_waits_can_be_stopped(fleet: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(helper_call, "call", lambda *_, **__: time.sleep(30))
    stop, early, began = Stop(), begun(fleet), time.monotonic()
    stop.ask()
    with stop.scope(), pytest.raises(KeyboardInterrupt), early.entered():
        pass
    assert time.monotonic() - began < 10


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, ["sprout"]),
        ({"when": "now"}, ["sprout"]),
        ({"when": "03:30"}, []),  # the answer would be hours old
        ({"dry_run": True}, []),  # connects through what cannot write
        ({"plan": "saved.json"}, []),  # names its own hosts
    ],
)
def test_only_a_deploy_that_begins_now_reaches_out(
    given: dict[str, Any], expected: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    hosts: list[str] = []

    def nothing(*_: object) -> int:
        return 0

    def begin(host: str, overlay: str) -> None:
        hosts.append(host)

    replaced: tuple[tuple[Any, str, Callable[..., object]], ...] = (
        (early_connection, "begin", begin),
        (context, "make_context", nothing),
        (rollout_service, "deploy", nothing),
    )
    for module, name, stand_in in replaced:
        monkeypatch.setattr(module, name, stand_in)
    assert call(deploy_tasks.deploy, host="sprout", **given) == 0
    assert hosts == expected
