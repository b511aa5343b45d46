"""Hosts that are raised on the real model: the demo's stage as it is for everybody, with the store of the tests."""

from __future__ import annotations

from pathlib import Path

from sage_edge.demo import stage as stages
from sage_edge.records.transcript import Transcript
from sage_edge.sessions import archive
from tests.cli.world import FLEET, World
from tests.real.prepared import STORE

PATIENCE_S = 600


def world(folder: Path) -> World:
    """Make both hosts and their hub."""
    made = World(stages.make(FLEET, folder / "world"), STORE, patience_s=PATIENCE_S)
    hub = made.run("thor", "exchange", "init", str(made.stage.hub))
    assert hub.returncode == 0, hub.stderr
    return made


def transcripts(world: World) -> dict[str, Transcript]:
    """Every session of Sprout's own papers by its name, each verified."""
    papers = world.state("sprout") / "papers"
    return {session: archive.read(path) for session, path in archive.all_sessions(papers)}
