"""A hub that does not answer: a wake tries for 7 s, so the wakes of these tests try at the same time."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cli import world as worlds
from tests.cli.world import MIDNIGHT, MORNING, World

pytestmark = pytest.mark.slow  # what its tests look at takes seconds to come about


@dataclass(frozen=True)
class Tried:
    """What a wake came to that found no hub."""

    world: World
    returncode: int
    stdout: str
    stderr: str


@pytest.fixture(scope="module")
def tried(fresh: World, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Tried]:
    """A host whose hub went away after its first session, and one that never saw any."""
    known, new = (worlds.make(tmp_path_factory.mktemp(name), like=fresh) for name in ("known", "new"))
    assert known.run("sprout", "agent", "once", "--at", MIDNIGHT).returncode == 0
    known.stage.hub.rename(_away(known))
    shutil.rmtree(new.stage.hub)
    began = {
        "known": (known, known.start("sprout", "agent", "once", "--at", MORNING)),
        "new": (new, new.start("sprout", "agent", "once", "--at", MIDNIGHT)),
    }
    try:
        return {name: _ended(world, process) for name, (world, process) in began.items()}
    finally:
        for _, process in began.values():
            process.kill()  # does nothing to one that has ended


def _ended(world: World, process: subprocess.Popen[str]) -> Tried:
    out, err = process.communicate(timeout=120)
    return Tried(world, process.returncode, out, err)


def _away(world: World) -> Path:
    return world.stage.folder / "away.git"


def test_offline_it_queues_and_catches_up(tried: dict[str, Tried]) -> None:
    offline, world = tried["known"], tried["known"].world
    assert offline.returncode == 4
    assert "work goes on without the exchange" in offline.stderr
    assert "nothing is lost" in offline.stdout
    _away(world).rename(world.stage.hub)
    assert world.run("sprout", "agent", "once", "--at", MORNING).returncode == 0
    assert {"sessions/primary/000/P001.json", "sessions/primary/000/P002.json"} <= set(world.papers("sprout"))


def test_without_its_past_a_host_gives_no_number(tried: dict[str, Tried]) -> None:
    refused, world = tried["new"], tried["new"].world
    assert refused.returncode == 4
    assert "cannot number a new one" in refused.stderr
    assert not list((world.state("sprout") / "journals").glob("*"))
