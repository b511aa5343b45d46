"""A workstation over the stand-in boards, and an image in the place of Sprout's that serves on one of them."""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from sage_edge import sim
from sage_edge.deploy.rollout_options import RolloutOutcome, RolloutTimeouts
from sage_edge.image.built import BuiltImage
from sage_edge.inventory import load
from sage_edge.names import HostName
from sage_edge.remote.board import helper_zipapp as packing
from sage_edge.remote.board.probe import BoardProbe
from sage_edge.sim import image as sim_image
from sage_edge.workstation import deploy_service, hub_admission, rollout_service
from sage_edge.workstation.context import FleetContext
from tests.deploy import loopback, understudy
from tests.deploy.loopback import Typed
from tests.standins import Boards

ROOT = Path(__file__).parents[2]
SPROUT, THOR = HostName("sprout"), HostName("thor")
QUICK = RolloutTimeouts(session_s=60, health_s=20, revert_s=120)


@dataclass(frozen=True)
class Ground:
    """Both boards, provisioned, and what was built for them."""

    boards: Boards
    desk: FleetContext

    def deploy(
        self, host: HostName = SPROUT, options: RolloutTimeouts = QUICK, via: str = "registry"
    ) -> RolloutOutcome:
        """Deploy what was built, as a command of its own."""
        return rollout_service.deployed(FleetContext(self.desk.root, self.desk.fleet), host, options, via)

    def facts(self, host: HostName = SPROUT) -> BoardProbe:
        """Look at a board."""
        with self.desk.seen(host) as board:
            return board.facts()

    def running(self, host: HostName = SPROUT) -> str:
        """The image that the agent's container runs, as the board's engine says."""
        found = self.boards.inside(host, "docker inspect --format '{{.Image}} {{.State.Status}}' sage-agent-1")
        return found.text

    def states(self, host: HostName = SPROUT) -> list[str]:
        """Every state in the board's journal, in order."""
        lines = self.boards.inside(host, "cat /srv/sage/deploy/journal.jsonl").text.splitlines()
        return [json.loads(line)["state"] for line in lines]

    def typed(self, words: str) -> Typed:
        """Type `invoke WORDS` for Sprout."""
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(self.desk.root)
            patch.setenv("SAGE_FLEET", str(self.desk.root / "fleet"))
            return loopback.typed(f"{words} --host sprout --fleet sim")

    def pretend(self, image: BuiltImage) -> None:
        """Make an image count as the one that was built for its name."""
        path = self.desk.root / ".sage" / "images" / f"{image.name}-{image.platform}.json"
        path.write_text(json.dumps({"format": 1, **vars(image)}), "utf-8")

    def helper(self, host: HostName, verb: str, stdin: str = "{}") -> dict[str, object]:
        """Call the helper on the board itself, as boot and timer do."""
        done = self.boards.inside(host, f"{' '.join(packing.CALL)} {verb}", stdin.encode())
        return dict(json.loads(done.text))

    @contextlib.contextmanager
    def session(self, seconds: int, at_its_end: str = "true") -> Iterator[None]:
        """Let a session be under way on Sprout, as far as its lock says; the body's end ends it."""
        lock = "/srv/sage/state/locks/session.lock"
        self.boards.inside(
            "sprout",
            "install -d -o 10001 -g 10001 /srv/sage/state/locks && "
            f"install -o 10001 -g 10001 /dev/null {lock} && "
            f"(setsid flock {lock} sh -c 'ps -o pgid= $$ >/run/session; sleep {seconds}; {at_its_end}' "
            ">/dev/null 2>&1 &)",
        )
        try:
            yield
        finally:
            self.boards.inside("sprout", "kill -- -$(tr -d ' ' </run/session)")


def workstation(boards: Boards, health_every: str) -> FleetContext:
    """A checkout beside the stand-ins' fleet: code and recipes are this one's, what is built is its own."""
    for name in ("pyproject.toml", "README.md", "sage_edge", "images", "requirements"):
        (boards.root / name).symlink_to(ROOT / name)
    shutil.copytree(ROOT / "compose", boards.root / "compose")
    for path in (boards.root / "compose").glob("*.yaml"):
        path.write_text(path.read_text("utf-8").replace("interval: 5s", f"interval: {health_every}"), "utf-8")
    (boards.root / ".sage" / "images").mkdir(parents=True, exist_ok=True)
    (ROOT / ".sage" / "wheels").mkdir(parents=True, exist_ok=True)
    (boards.root / ".sage" / "wheels").symlink_to(ROOT / ".sage" / "wheels")
    return reloaded(FleetContext(boards.root, boards.fleet))


def reloaded(desk: FleetContext) -> FleetContext:
    """The same workstation with its declarations read anew, as each command of its own reads them."""
    return FleetContext(desk.root, load.load(desk.fleet.folder, desk.fleet.overlay))


@pytest.fixture(scope="session")
def ground(boards: Boards) -> Iterator[Ground]:
    """Provisioned boards; nothing is deployed yet."""
    with over(boards) as one:
        for host in (SPROUT, THOR):
            deploy_service.provisioned(one.desk, host, lambda line: None)
        yield replace(one, desk=reloaded(one.desk))


@contextlib.contextmanager
def over(boards: Boards, health_every: str = "1s") -> Iterator[Ground]:
    """A workstation over boards whose hub is their own, not that of this checkout.

    Containers are asked for their health every second, not every five: a test that deploys twice waits for that twice.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hub_admission, "admit", lambda *_: sim.admit(boards.place))
        yield Ground(boards, workstation(boards, health_every))


@pytest.fixture(scope="session")
def built() -> BuiltImage:
    """The understudy."""
    return understudy.build(sim_image.own_base())


@pytest.fixture
def sprout_image(ground: Ground, built: BuiltImage) -> Iterator[BuiltImage]:
    """The understudy counts as Sprout's image, whatever a test pretends; Thor's is known by name, and never sent."""
    ground.pretend(built)
    ground.pretend(replace(built, name="thor", role="researcher", board="agx-thor", model=None))
    yield built
    ground.pretend(built)


@pytest.fixture
def served(ground: Ground, sprout_image: BuiltImage) -> BuiltImage:
    """Sprout runs the understudy, and nobody holds its lock, whatever the test before has left."""
    with ground.desk.board(SPROUT) as board:
        board.release_lock(None)
    ground.deploy()
    return sprout_image
