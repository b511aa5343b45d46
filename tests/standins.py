"""Stand-in boards for the tests that need real ones: one set for a whole run, apart from a developer's own."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from sage_edge import shell, sim
from sage_edge.image import engine
from sage_edge.inventory import load
from sage_edge.inventory.fleet import Fleet
from sage_edge.shell import Command, Result
from sage_edge.sim import Machine, SimPlace, containers, readiness
from tests import seedlings

_NAME = "sage-sim-test-"
_TWIN = """\
format: 1
name: {name}
role: practitioner
board: sim-orin-nano
mind: Sage
model: sage/seedling:q8_0
engine: {{kind: llamacpp, context_tokens: 1024, batch_tokens: 128, threads: 1, gpu_layers: 0}}
sampling: {{temperature: 0.7, top_p: 0.8, top_k: 20, min_p: 0.0, repeat_penalty: 1.1, max_tokens: 96}}
turn_deadline: 2m
policy: {{recommendations: auto, allowed: [observe, identity-anchored]}}
"""


@dataclass(frozen=True)
class Boards:
    """A set of stand-ins and a copy of the fleet that reaches them: `root`/fleet and `root`/.sage/sim."""

    root: Path
    fleet: Fleet
    place: SimPlace

    def machine(self, host: str) -> Machine:
        """What the engine knows of a stand-in now."""
        with engine.connect() as docker:
            return containers.machines(docker, self.place)[host]

    def ssh(self, host: str, script: str, stdin: bytes = b"") -> Result:
        """Run a script over ssh as `sage` (on the hub: as `git`), trusting only the keys that `up` wrote down."""
        return shell.attempt(Command(("ssh", "-F", str(self.place.config), host, script), stdin=stdin))

    def inside(self, host: str, script: str, stdin: bytes = b"") -> Result:
        """Run a script as root in the container, as a person at its console would."""
        words = ("docker", "exec", "--interactive", self.place.container(host), "sh", "-c", script)
        return shell.attempt(Command(words, stdin=stdin, timeout_s=120))

    def restart(self, host: str) -> readiness.Look:
        """Reboot a board, and return what it says once it is up."""
        with engine.connect() as docker:
            return readiness.restart(docker, self.machine(host))

    def renew(self, host: str) -> Machine:
        """Replace a board by a fresh one."""
        return sim.renew(self.fleet, self.place, host, _tell)


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


@pytest.fixture(scope="session")
def boards(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Boards]:
    """Both boards and the hub, up. Tests share them: whoever needs one that is fresh calls `renew`."""
    _sweep(tmp_path_factory.mktemp("sweep"))
    with standing(tmp_path_factory.mktemp("boards")) as both:
        yield both


@contextlib.contextmanager
def standing(root: Path, more: Sequence[str] = (), apart: str = "", *, as_shipped: bool = False) -> Iterator[Boards]:
    """Keep a set of stand-ins up for the body.

    more: names of hosts beside the declared ones, each as sprout is. apart: a word for a set beside the one of the run.
    as_shipped: Sprout has the model that the overlay declares, not the seedling.
    """
    seedlings.fleet(root / "fleet", *(() if as_shipped else ("sim",)))
    for name in more:
        (root / "fleet" / "hosts" / f"{name}.yaml").write_text(_TWIN.format(name=name), "utf-8")
    fleet = load.load(root / "fleet", "sim")
    place = SimPlace(fleet.addresses, "-".join(filter(None, (f"{_NAME}{os.getpid()}", apart))))
    try:
        sim.up(fleet, place, _tell)
        yield Boards(root, fleet, place)
    finally:
        sim.down(place)


def _sweep(folder: Path) -> None:
    """Remove the sets of runs that were killed."""
    with engine.connect() as docker:
        names = {container.labels[containers.LABEL] for container in docker.containers(containers.LABEL)}
    for name in names:
        number = name.removeprefix(_NAME).partition("-")[0]
        if name.startswith(_NAME) and number.isdecimal() and not Path("/proc", number).exists():
            sim.down(SimPlace(folder / "sim", name))
