"""A knock is a connection like any other, used once, and only where the checked declarations lead to the same door."""

from __future__ import annotations

from pathlib import Path

import pytest

from sage_edge.errors import Unreachable
from sage_edge.names import HostName
from sage_edge.remote.board.early_probe import Early
from sage_edge.remote.errors import KeyUnknown
from sage_edge.remote.ssh import client
from sage_edge.workstation import knocking
from sage_edge.workstation.context import FleetContext
from tests.deploy import boards, fleetfacts
from tests.deploy.boards import Board, needs_ssh
from tests.deploy.conftest import identity, running_sprout

__all__ = ["identity", "running_sprout"]
SPROUT = HostName("sprout")
pytestmark = needs_ssh


@pytest.fixture
def fleet(tmp_path: Path, running_sprout: Board, identity: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fleet folder whose addresses are of a real sshd."""
    folder = boards.fleet(tmp_path / "fleet", (running_sprout,), identity)
    (folder / "fleet.yaml").touch()
    monkeypatch.setenv("SAGE_FLEET", str(folder))
    return folder


def test_the_first_to_come_enters_and_the_next_one_connects_anew(fleet: Path) -> None:
    knocks = knocking.at("sprout", "") or pytest.fail("nobody knocked")
    door = knocks.door(fleet, SPROUT) or pytest.fail("no door")
    with door.entered() as (remote, early):
        assert isinstance(early, Early)
        assert remote.run("echo hello").text == "hello"
    assert knocks.door(fleet, SPROUT) is None


def test_a_door_that_other_addresses_lead_to_is_not_entered(fleet: Path, tmp_path: Path) -> None:
    knocks = knocking.at("sprout", "") or pytest.fail("nobody knocked")
    assert knocks.door(tmp_path, SPROUT) is None
    assert knocks.door(fleet, SPROUT) is not None


def test_an_overlay_says_where_to_knock(fleet: Path, tmp_path: Path) -> None:
    (fleet / "overlays").mkdir()
    (fleet / "overlays" / "sim.yaml").write_text("format: 1\naddresses: .sage/sim   # written by sim.up\n", "utf-8")
    (tmp_path / ".sage").mkdir()
    fleet_of_sim = tmp_path / ".sage" / "sim"
    fleet_of_sim.symlink_to(fleet)
    knocks = knocking.at("sprout", "sim") or pytest.fail("nobody knocked")
    door = knocks.door(fleet_of_sim, SPROUT) or pytest.fail("no door")
    with door.entered() as (remote, _):
        assert remote.address.host == SPROUT


@pytest.mark.parametrize(("hosts", "overlay"), [("", ""), ("Not A Name", ""), ("sprout", "nowhere"), (" , ", "")])
def test_what_is_wrong_is_not_said_by_a_knock(fleet: Path, hosts: str, overlay: str) -> None:
    assert knocking.at(hosts, overlay) is None


def test_what_a_connection_refuses_is_raised_by_the_one_who_enters(fleet: Path) -> None:
    (fleet / "known_hosts").write_text("# nobody\n", "utf-8")
    door = (knocking.at("sprout", "") or pytest.fail("nobody knocked")).door(fleet, SPROUT)
    with pytest.raises(KeyUnknown), (door or pytest.fail("no door")).entered():
        pass


def test_an_error_is_not_taken_for_a_wait(fleet: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Python 3.10 has two TimeoutErrors, and a board may raise one, too."""

    def late(*_: object) -> object:
        raise TimeoutError("too late")

    monkeypatch.setattr(knocking, "probe", late)
    door = (knocking.at("sprout", "") or pytest.fail("nobody knocked")).door(fleet, SPROUT)
    with pytest.raises(TimeoutError, match="too late"), (door or pytest.fail("no door")).entered():
        pass


def test_a_desk_uses_a_knock_once(fleet: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    knocks = knocking.at("sprout", "") or pytest.fail("nobody knocked")
    desk = FleetContext(fleet.parent, type(plain := fleetfacts.fleet())(**{**vars(plain), "addresses": fleet}), knocks)

    def never(*_: object) -> object:
        raise Unreachable("connected anew", hint="")

    with desk.seen(SPROUT) as board:
        assert board.host == SPROUT
    monkeypatch.setattr(client, "_prepared", never)
    with pytest.raises(Unreachable, match="connected anew"), desk.seen(SPROUT):
        pass
