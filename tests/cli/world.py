"""A hub and two hosts on this machine, driven by the real commands as processes of their own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from sage_edge.demo import stage as stages
from sage_edge.demo.stage import Stage
from tests.benchmarks.random_gguf import Shape, shelf

FLEET = Path(__file__).parents[2] / "fleet"
TINY = Shape(hidden=64, intermediate=128, layers=2, heads=4, kv_heads=2, vocabulary=2000, context=32768)
MIDNIGHT, MORNING = "2026-01-01T00:00:00Z", "2026-01-01T06:00:00Z"


@dataclass(frozen=True)
class World:
    """The demo's stage with a tiny random model in the place of the seedling: fast, and never at a loss for words.

    patience_s: how long one command may take.
    """

    stage: Stage
    models: Path
    patience_s: float = 120

    def run(self, host: str, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
        """Run `sage-edge WORDS` as a host, and return what it said."""
        return subprocess.run(
            [sys.executable, "-m", "sage_edge", *words],
            env=self.environment(host, **env),
            capture_output=True,
            text=True,
            check=False,
            timeout=self.patience_s,
        )

    def start(self, host: str, *words: str) -> subprocess.Popen[str]:
        """Start `sage-edge WORDS` as a host, and do not wait for it."""
        line = [sys.executable, "-m", "sage_edge", *words]
        pipe = subprocess.PIPE
        return subprocess.Popen(line, env=self.environment(host), stdout=pipe, stderr=pipe, text=True)

    def environment(self, host: str, **env: str) -> dict[str, str]:
        """The environment of a host's commands."""
        return {**self.stage.environment(host), "SAGE_MODELS": str(self.models), "COLUMNS": "80", **env}

    def state(self, host: str) -> Path:
        return self.stage.state(host)

    def hub(self, *words: str) -> str:
        """Ask git about the hub."""
        command = ["git", "--git-dir", str(self.stage.hub), *words]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    def papers(self, host: str) -> list[str]:
        """Names of the papers that the hub holds of a host."""
        return self.hub("ls-tree", "-r", "--name-only", f"host/{host}").splitlines()

    def overlay(self, change: dict[str, Any]) -> None:
        """Lay more over the demo's overlay."""
        path = self.stage.fleet / "overlays" / "demo.yaml"
        path.write_text(yaml.safe_dump(_merged(yaml.safe_load(path.read_text()), change)))

    def journal(self, session: str) -> list[dict[str, Any]]:
        """The lines of one of Sprout's journals."""
        lines = (self.state("sprout") / "journals" / f"{session}.jsonl").read_text().splitlines()
        return [json.loads(line[9:]) for line in lines]


def make(folder: Path, *, like: World | None = None) -> World:
    """Make a world with its hub.

    like: a world whose hub nobody has pushed to; a copy of it is the hub, which is sooner there than one that the
    command makes.
    """
    models = shelf(folder / "models", TINY)
    world = World(stages.make(FLEET, folder / "world", stages.SEEDLING), models)
    settings = {"model": "bench/random:q8_0", "engine": {"threads": 1}, "sampling": {"max_tokens": 8}}
    world.overlay({"hosts": {"sprout": settings}})
    if like:
        if like.hub("for-each-ref"):
            raise ValueError("somebody has pushed to the hub that is to be copied: its keys are another world's")
        shutil.copytree(like.stage.hub, world.stage.hub)
        return world
    made = world.run("thor", "exchange", "init", str(world.stage.hub))
    assert made.returncode == 0, made.stderr
    return world


def _merged(old: Any, new: Any) -> Any:
    if not isinstance(old, dict) or not isinstance(new, dict):
        return new
    return {key: _merged(old.get(key), new[key]) if key in new else old[key] for key in (*old, *new)}


def snapshot(folder: Path) -> dict[str, tuple[int, int]]:
    """Every file and folder below, with its size and time: equal snapshots mean that nothing was written."""
    if not folder.exists():
        return {}
    found = {}
    for root, _, names in os.walk(folder):
        for path in (Path(root), *(Path(root) / name for name in names)):
            found[str(path)] = (path.lstat().st_size, path.lstat().st_mtime_ns)
    return found
