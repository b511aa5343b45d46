"""Ten stand-in boards, provisioned, each serving a release: what the fleet's figures are measured upon."""

from __future__ import annotations

import contextlib
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sage_edge.deploy import fleet_runner
from sage_edge.deploy.fleet_runner import HostResult
from sage_edge.deploy.rollout_options import RolloutTimeouts
from sage_edge.names import HostName
from sage_edge.sim import image as sim_image
from sage_edge.workstation import deploy_service
from tests import standins
from tests.deploy import ground, understudy
from tests.deploy.ground import Ground

MORE = tuple(f"nano-{number:02}" for number in range(2, 11))

HEALTH_EVERY = "20s"
"""Ten boards that share two processors would otherwise be busy with asking their containers how they are."""


@dataclass(frozen=True)
class Fleet:
    """The boards that serve, sprout first; thor stands by, with nothing deployed."""

    ground: Ground
    hosts: tuple[HostName, ...]

    def key(self, host: HostName) -> str:
        """The kind and the key that a board is known by."""
        lines = map(str.split, self.ground.boards.place.known_hosts.read_text("utf-8").splitlines())
        return next(" ".join(words[1:3]) for words in lines if words[0] == host)


@contextlib.contextmanager
def serving(count: int = 10) -> Iterator[Fleet]:
    """Keep so many boards up for the body, on each of them the understudy of an agent."""
    more = MORE[: count - 1]
    with (
        tempfile.TemporaryDirectory(prefix="sage-bench-fleet-") as root,
        standins.standing(Path(root), more) as boards,
        ground.over(boards, HEALTH_EVERY) as over,
    ):
        hosts = tuple(map(HostName, ("sprout", *more)))
        began = time.monotonic()
        raised = _raise(over, hosts)
        took = time.monotonic() - began
        print(f"        {len(hosts)} boards were provisioned and deployed to in {took:.0f} s", flush=True)
        yield Fleet(raised, hosts)


def _raise(over: Ground, hosts: tuple[HostName, ...]) -> Ground:
    """Provision and deploy, as two commands: the second reads the keys that the first has listed."""

    def say(line: str) -> None:
        print(f"        {line}", file=sys.stderr)

    _demand(fleet_runner.over(hosts, lambda host: deploy_service.provisioned(over.desk, host, say)))
    known = replace(over, desk=ground.reloaded(over.desk))
    known.pretend(understudy.build(sim_image.own_base()))
    _demand(fleet_runner.over(hosts, lambda host: known.deploy(host, RolloutTimeouts(health_s=120, revert_s=600))))
    return known


def _demand(results: Sequence[HostResult[Any]]) -> None:
    for one in results:
        if one.error is not None:
            raise one.error
