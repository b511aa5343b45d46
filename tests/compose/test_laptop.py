"""The command for a laptop raises a seedling: two containers, a volume between them, and nothing else."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sage_edge.records.base import parse
from sage_edge.records.study import Finding
from sage_edge.records.transcript import Transcript, chain_faults
from tests import seedlings
from tests.compose.composed import COMPOSE, Composed
from tests.images.building import built

pytestmark = pytest.mark.docker

WITHIN_S = 120
HUB = ("git", "-C", "/srv/sage/exchange/hub.git")


class Laptop:
    """Both hosts as projects of this test, which share a volume of this test."""

    def __init__(self, name: str, fleet: Path) -> None:
        self.sprout, self.thor = (self._project(name, host, fleet) for host in ("sprout", "thor"))

    def _project(self, name: str, host: str, fleet: Path) -> Composed:
        env = {
            "SAGE_EXCHANGE_VOLUME": f"{name}-exchange",
            "SAGE_IMAGE": built(host).id,
            "SAGE_FLEET_FROM": str(fleet),
            "SAGE_CARD_FROM": str(COMPOSE / "laptop" / f"{host}.yaml"),
        }
        return Composed((host, "cpu"), env, project=f"{name}-{host}")

    def papers(self, host: str) -> list[str]:
        """What the exchange holds of a host."""
        words = (*HUB, "ls-tree", "-r", "--name-only", f"host/{host}")
        return self.sprout("exec", "-T", "agent", *words, ok=False).stdout.split()

    def paper(self, host: str, path: str) -> str:
        """One paper, from the exchange."""
        return self.sprout("exec", "-T", "agent", *HUB, "show", f"host/{host}:{path}").stdout

    def down(self) -> None:
        """Remove everything."""
        for project in (self.thor, self.sprout):
            project("down", "--volumes", "--timeout", "5", ok=False)


@pytest.fixture(scope="module")
def laptop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laptop]:
    """A laptop on which Sprout is up, with the seedling."""
    fleet = seedlings.fleet(tmp_path_factory.mktemp("laptop") / "fleet", "laptop")
    one = Laptop(f"sage-test-laptop-{os.getpid()}", fleet)
    try:
        one.sprout("up", "--detach", "--wait")
        yield one
    finally:
        one.down()


def awaited(found: Callable[[], list[str]], project: Composed) -> str:
    """Return what is found at last, or fail with the agent's words."""
    until = time.monotonic() + WITHIN_S
    while time.monotonic() < until:
        if names := found():
            return names[0]
        time.sleep(0.5)
    raise AssertionError(project("logs", "--tail", "50", ok=False).stdout)


def of(names: list[str], folder: str) -> list[str]:
    """The papers below a folder."""
    return [name for name in names if name.startswith(folder)]


def test_the_first_session_is_in_the_exchange_at_once(laptop: Laptop) -> None:
    name = awaited(lambda: of(laptop.papers("sprout"), "sessions/primary"), laptop.sprout)
    assert name == "sessions/primary/000/P001.json"
    paper = parse(Transcript, laptop.paper("sprout", name))
    assert chain_faults(paper) == ()
    assert paper.closing.ending == "complete"
    head = paper.head
    assert (head.board, head.model.ref, head.image) == ("cpu", "sage/seedling:q8_0", built("sprout").id)
    assert head.release.startswith("unreleased-"), "nobody deployed it"
    assert head.slot is not None
    assert not head.slot.late


def test_thor_reads_it_in_a_container_of_its_own(laptop: Laptop) -> None:
    laptop.thor("up", "--detach", "--wait")
    name = awaited(lambda: of(laptop.papers("thor"), "findings/"), laptop.thor)
    assert parse(Finding, laptop.paper("thor", name)).subject == "sprout"


def test_the_container_is_as_hardened_as_it_says(laptop: Laptop) -> None:
    container = laptop.sprout("ps", "--quiet", "agent").stdout.strip()
    told = inspect(container)
    host = told["HostConfig"]
    assert (host["ReadonlyRootfs"], host["CapDrop"], host["Privileged"]) == (True, ["ALL"], False)
    assert told["Config"]["User"] == "10001:10001"
    assert host["PidsLimit"] == 256
    assert host["Memory"] == 2 << 30
    assert not host["PortBindings"]
    assert told["State"]["Health"]["Status"] == "healthy"
    said = laptop.sprout("exec", "-T", "agent", "sh", "-c", "touch /etc/x /srv/sage/fleet/x", ok=False)
    assert said.stderr.count("Read-only file system") == 2


def test_a_stop_is_heard_at_once_and_the_next_start_goes_on(laptop: Laptop) -> None:
    began = time.monotonic()
    laptop.sprout("stop", "agent")
    container = laptop.sprout("ps", "--all", "--quiet", "agent").stdout.strip()
    assert inspect(container)["State"]["ExitCode"] == 0
    assert time.monotonic() - began < 30, "not the whole grace of two and a half minutes"
    laptop.sprout("up", "--detach", "--wait")
    assert "sessions/primary/000/P001.json" in laptop.papers("sprout")


def test_a_path_that_is_not_there_is_said_and_not_made(laptop: Laptop, tmp_path: Path) -> None:
    absent = tmp_path / "host.yaml"
    project = Composed(
        laptop.thor.files, {**laptop.thor.env, "SAGE_CARD_FROM": str(absent)}, f"{laptop.thor.project}-x"
    )
    try:
        done = project("up", "--detach", ok=False)
        assert done.returncode != 0
        assert f"bind source path does not exist: {absent}" in done.stderr
        assert not absent.exists()
    finally:
        project("down", "--timeout", "1", ok=False)


def inspect(container: str) -> dict[str, Any]:
    """What the engine says of a container."""
    done = subprocess.run(("docker", "inspect", container), capture_output=True, text=True, check=True)
    told: dict[str, Any] = json.loads(done.stdout)[0]
    return told
