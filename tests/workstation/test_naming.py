"""Under an overlay, a next step leads to the overlay's machines and files, and never to the real boards."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from sage_edge.errors import UsageError
from sage_edge.image.built import NotBuilt
from sage_edge.names import HostName
from sage_edge.remote.errors import NotReady
from sage_edge.workstation import deploy_service
from sage_edge.workstation.context import Desk
from tests.deploy import fleetfacts, loopback
from tests.deploy.loopback import Loopback

SPROUT = HostName("sprout")


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A checkout in which nothing was built, and the current folder; its stand-ins have addresses."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".sage" / "sim").mkdir(parents=True)
    (tmp_path / "images").symlink_to(fleetfacts.ROOT / "images")
    return Desk(tmp_path, replace(fleetfacts.fleet("sim"), addresses=tmp_path / ".sage" / "sim"))


@pytest.mark.parametrize(
    ("text", "under"),
    [
        ("invoke provision --host sprout", "invoke provision --host sprout --fleet sim"),
        ("see: invoke rollback --host a-b --list", "see: invoke rollback --host a-b --fleet sim --list"),
        ("invoke image.build --host a, then: invoke deploy --host a", None),
        ("invoke lock.release --host HOST --yes", "invoke lock.release --host HOST --fleet sim --yes"),
        ("invoke deploy --host a --fleet sim", "invoke deploy --host a --fleet sim"),
        ("sage-edge fleet show", "sage-edge fleet show"),
        ("ssh -F fleet/ssh_config sprout true", "ssh -F .sage/sim/ssh_config sprout true"),
        ("fleet/known_hosts holds no key", ".sage/sim/known_hosts holds no key"),
        ("mend fleet/hosts/sprout.yaml", "mend fleet/hosts/sprout.yaml"),
    ],
)
def test_a_text_under_an_overlay(desk: Desk, text: str, under: str | None) -> None:
    expected = under or "invoke image.build --host a --fleet sim, then: invoke deploy --host a --fleet sim"
    assert desk.overlaid(text) == expected
    assert desk.overlaid(expected) == expected, "said twice it is the same"
    assert Desk(desk.root, fleetfacts.fleet()).overlaid(text) == text


def test_an_error_that_passes_speaks_of_the_overlay(desk: Desk) -> None:
    with pytest.raises(NotReady) as told, desk.naming():
        raise NotReady(SPROUT, "it has no helper yet")
    assert (told.value.message, told.value.hint) == (
        "sprout is not ready: it has no helper yet",
        "invoke provision --host sprout --fleet sim",
    )


def test_so_does_one_that_comes_before_any_connection(desk: Desk) -> None:
    with pytest.raises(NotBuilt) as told:
        deploy_service.planned(desk, SPROUT)
    assert told.value.hint == "invoke image.build --host sprout --fleet sim"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Loopback:
    return loopback.workstation(tmp_path / "work", monkeypatch)


@pytest.mark.parametrize("chore", ["provision", "status --json", "lock.release --yes"])
def test_stand_ins_that_were_never_made_have_their_own_next_step(here: Loopback, chore: str) -> None:
    done = here.typed(f"{chore} --host sprout --fleet sim")
    if chore.startswith("status"):
        assert "no stand-in boards are there" in done.out
    else:
        assert (done.code, done.complaint) == (2, ["error: no stand-in boards are there", "  next: invoke sim.up"])


def test_an_unknown_stand_in_is_looked_for_where_the_overlay_says(here: Loopback) -> None:
    sim = here.root / ".sage" / "sim"
    sim.mkdir()
    (sim / "ssh_config").write_text("Host sprout\n  HostName 127.0.0.1\n  HostKeyAlias sprout\n", "utf-8")
    (sim / "known_hosts").touch()
    done = here.typed("lock.release --host sprout --fleet sim --yes")
    assert done.code == 3
    assert done.complaint[0].startswith("error: .sage/sim/known_hosts holds no key for sprout")


def test_an_addresses_folder_of_ones_own_is_of_no_use_to_others(desk: Desk) -> None:
    with pytest.raises(UsageError, match="no stand-in boards are there"):
        _ = desk.addresses
    assert Desk(desk.root, fleetfacts.fleet()).addresses == fleetfacts.ROOT / "fleet"
