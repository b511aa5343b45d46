"""Under an overlay, a next step leads to the overlay's machines and files, and never to the real boards."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from sage_edge.errors import UsageError
from sage_edge.names import HostName
from sage_edge.workstation.context import FleetContext
from tests.deploy import fleetfacts, loopback
from tests.deploy.loopback import Loopback

SPROUT = HostName("sprout")


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FleetContext:
    """A checkout in which nothing was built, and the current folder; its stand-ins have addresses."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".sage" / "sim").mkdir(parents=True)
    (tmp_path / "images").symlink_to(fleetfacts.ROOT / "images")
    return FleetContext(tmp_path, replace(fleetfacts.fleet("sim"), addresses=tmp_path / ".sage" / "sim"))


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Loopback:
    return loopback.workstation(tmp_path / "work", monkeypatch)


@pytest.mark.parametrize("task", ["provision", "status --json", "lock.release --yes"])
def test_stand_ins_that_were_never_made_have_their_own_next_step(here: Loopback, task: str) -> None:
    done = here.typed(f"{task} --host sprout --fleet sim")
    if task.startswith("status"):
        assert "no stand-in boards are there" in done.out
    else:
        assert (done.code, done.complaint) == (2, ["error: no stand-in boards are there", " next: invoke sim.up"])


def test_an_unknown_stand_in_is_looked_for_where_the_overlay_says(here: Loopback) -> None:
    sim = here.root / ".sage" / "sim"
    sim.mkdir()
    (sim / "ssh_config").write_text("Host sprout\n  HostName 127.0.0.1\n  HostKeyAlias sprout\n", "utf-8")
    (sim / "known_hosts").touch()
    done = here.typed("lock.release --host sprout --fleet sim --yes")
    assert done.code == 3
    assert done.complaint[0].startswith("error: .sage/sim/known_hosts holds no key for sprout")


def test_an_addresses_folder_of_ones_own_is_of_no_use_to_others(desk: FleetContext) -> None:
    with pytest.raises(UsageError, match="no stand-in boards are there"):
        _ = desk.addresses
    assert FleetContext(desk.root, fleetfacts.fleet()).addresses == fleetfacts.ROOT / "fleet"
