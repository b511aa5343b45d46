"""The world of one arm: a hub, two hosts and their declarations, as a workstation would have them.

INTO/ARM/fleet/                     a copy of the declarations, with overlays/study.yaml: the arm's model and threads
INTO/ARM/hub.git                    bare, with the pre-receive hook
INTO/ARM/sprout/{host.yaml,state/}  the practitioner, who conducts
INTO/ARM/thor/{host.yaml,state/}    the researcher, who recommends the arm's intervention
"""

from __future__ import annotations

import shutil
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from sage_edge import curriculum, files
from sage_edge.agent import build
from sage_edge.agent.build import Agent
from sage_edge.clock import SetClock
from sage_edge.declared import yaml_text
from sage_edge.errors import UsageError
from sage_edge.exchange import hub, writers
from sage_edge.inventory import identity, load
from sage_edge.inventory.identity import Me
from sage_edge.names import HostName
from sage_edge.paths import Paths
from tools.findings.design import HOST, RESEARCHER, Arm

START = datetime(2026, 1, 1, tzinfo=timezone.utc)
"""When the first session of every arm is said to begin; the others follow, six hours apart."""
_APART = timedelta(hours=6)
_STUDY = "study"


@dataclass(frozen=True)
class World:
    """Where one arm lives. models: the store of this machine."""

    arm: Arm
    folder: Path
    models: Path

    @property
    def fleet(self) -> Path:
        return self.folder / "fleet"

    def paths(self, host: HostName) -> Paths:
        """The paths that a host of this world would be told."""
        own = self.folder / host
        return Paths(self.fleet, own / "host.yaml", own / "state", self.models, Path("/"))

    def me(self, host: HostName) -> Me:
        """Who a host of this world is; its board is this machine."""
        return identity.whoami(self.paths(host))

    def agent(self, me: Me, number: int, stop: threading.Event, release: str, log: Any) -> Agent:
        """Return a host at the hour of its session of that number."""
        clock = SetClock(START + (number - 1) * _APART)
        return build.build(self.paths(me.host.name), me, clock, stop, release, log, None)


def make(arm: Arm, into: Path, declarations: Path, models: Path, overlay: str) -> World:
    """Make an arm's world, or go on with it. Raises UsageError where its sessions were of another curriculum."""
    world = World(arm, into / arm.name, models)
    laid = _overlay(arm, declarations, overlay, world.folder / "hub.git")
    if any(world.paths(HOST).journals.glob("*.jsonl")):
        _require_same(world, declarations, laid)
    shutil.rmtree(world.fleet, ignore_errors=True)
    with files.storing(world.fleet):
        shutil.copytree(declarations, world.fleet)
    files.write_atomic(world.fleet / "overlays" / f"{_STUDY}.yaml", yaml_text.dump(laid).encode())
    for host in (HOST, RESEARCHER):
        card = {"format": 1, "host": str(host), "overlay": _STUDY}
        files.write_atomic(world.paths(host).card, yaml_text.dump(card).encode())
    hub.init(world.folder / "hub.git", writers.folders(load.load(world.fleet, _STUDY)))
    return world


def _overlay(arm: Arm, declarations: Path, base: str, hub_folder: Path) -> dict[str, Any]:
    """That of a machine without a GPU, with the arm's model, one thread, and the hub in this folder."""
    overlay: dict[str, Any] = yaml_text.load((declarations / "overlays" / f"{base}.yaml").read_text("utf-8"))
    sprout = dict(overlay["hosts"][HOST])
    sprout |= {"model": str(arm.model), "engine": {**sprout["engine"], "threads": 1}}
    return {
        **overlay,
        "name": _STUDY,
        "summary": f"one arm of the study: {arm.model} under {arm.intervention}",
        "fleet": {"exchange": {"remote": str(hub_folder.absolute())}},
        "hosts": {**overlay["hosts"], str(HOST): sprout},
    }


def _require_same(world: World, declarations: Path, laid: dict[str, Any]) -> None:
    kept = yaml_text.load((world.fleet / "overlays" / f"{_STUDY}.yaml").read_text("utf-8"))
    if kept != laid or curriculum.load(world.fleet).digest != curriculum.load(declarations).digest:
        raise UsageError(
            f"{world.folder} holds sessions of another curriculum or another overlay",
            hint=f"move {world.folder} away, or name an empty folder with --into",
        )
