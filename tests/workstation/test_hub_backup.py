"""The hub's branches, in a backup and back: a hub that was lost goes on where it was, and never backwards."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from sage_edge.agent import wake
from sage_edge.errors import ExitCode
from sage_edge.exchange import hub, writers
from sage_edge.workstation import backup_service, context, packed_state
from sage_edge.workstation.context import FleetContext
from tests.agent.test_decisions import recommendation
from tests.deploy.loopback import Loopback
from tests.fakes import HandClock, Home, World, make_world
from tests.workstation.direct_board import DirectBoard

pytestmark = pytest.mark.slow


@pytest.fixture
def world(tmp_path: Path) -> World:
    return make_world(tmp_path / "world")


@pytest.fixture
def home(world: World) -> Callable[..., Home]:
    watch = HandClock()
    return lambda host="sprout": Home(world, host, clock=watch)


@pytest.fixture
def here(world: World, monkeypatch: pytest.MonkeyPatch) -> FleetContext:
    monkeypatch.chdir(world.folder)
    monkeypatch.setenv("SAGE_FLEET", str(world.fleet))
    monkeypatch.setenv("SAGE_CARD", str(world.folder / "no-card.yaml"))
    return context.make_context("seedling")


@pytest.fixture
def folder(here: FleetContext, world: World, home: Callable[..., Home]) -> Path:
    """A backup of sprout, whose state is that of the world's board."""
    home("thor").post.put(recommendation())
    home("thor").post.publish("recommendation")
    assert wake.once(home().agent).published
    board = DirectBoard(world.folder / "root")
    shutil.rmtree(board.places.state)
    board.places.state.symlink_to(world.paths("sprout").state)
    return Path(backup_service.kept(here, board, print).folder)


def test_a_lost_hub_gets_its_branches_back_and_every_host_goes_on(
    here: FleetContext, world: World, home: Callable[..., Home], folder: Path
) -> None:
    backup = packed_state.read(folder)
    assert backup.hub is not None
    assert any(name.startswith("papers/sessions/primary/000/P001") for name in backup.files)
    shutil.rmtree(world.hub)
    hub.init(world.hub, writers.folders(here.fleet))
    typed = Loopback(world.folder, world.folder).typed(f"restore --hub --file {folder} --fleet seedling")
    assert typed.code == 0, typed.err
    again = wake.once(home().agent)
    assert (again.published, again.quarantined, again.failure) == (True, (), None)
    assert wake.once(home("thor").agent).quarantined == ()


def test_a_hub_is_never_put_back(here: FleetContext, world: World, home: Callable[..., Home], folder: Path) -> None:
    wake.once(home("thor").agent)
    before = {ref: ref.read_text() for ref in (world.hub / "refs/heads/host").iterdir()}
    typed = Loopback(world.folder, world.folder).typed(f"restore --hub --file {folder} --fleet seedling")
    assert {ref: ref.read_text() for ref in (world.hub / "refs/heads/host").iterdir()} == before
    assert (typed.code, "rejected" in typed.err) == (ExitCode.FAILED, True)


def test_a_wiped_board_goes_on_with_the_next_number(world: World, home: Callable[..., Home], folder: Path) -> None:
    """Its papers are those of the backup, what it published since comes from the hub, and no number is used twice."""
    watch = HandClock()
    later = Home(world, "sprout", clock=watch)
    watch.at += timedelta(hours=6)
    assert wake.once(later.agent).published
    state = world.paths("sprout").state
    held = {path.name: path.read_bytes() for path in (state / "papers/sessions").rglob("*.json")}
    assert {"P001.json", "P002.json"} <= set(held)
    shutil.rmtree(state)
    board = DirectBoard(world.folder / "fresh")
    backup_service.put_back(board, folder, packed_state.read(folder), replace=False)
    shutil.copytree(board.places.state, state)
    watch.at += timedelta(hours=6)
    done = wake.once(Home(world, "sprout", clock=watch).agent)
    assert (done.failure, done.published) == (None, True)
    now = {path.name: path.read_bytes() for path in (state / "papers/sessions").rglob("*.json")}
    assert {name: now[name] for name in held} == held
    assert "P003.json" in now
