"""`docker compose` over the files of compose/: what it makes of them, and projects of a test's own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

COMPOSE = Path(__file__).parents[2] / "compose"


def available() -> str:
    """Why Compose cannot be asked here; nothing when it can."""
    if shutil.which("docker") is None:
        return "docker is not installed"
    done = subprocess.run(("docker", "compose", "version"), capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else "docker has no compose plugin"


def demand() -> None:
    """Skip the test that calls this where Compose cannot be asked."""
    if why := available():
        pytest.skip(f"no docker compose: {why}")


@dataclass(frozen=True)
class Composed:
    """One command line's part of Compose: which files, variables and project."""

    files: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)
    project: str | None = None
    profile: str | None = None

    def __call__(self, *words: str, ok: bool = True, timeout_s: float = 300) -> subprocess.CompletedProcess[str]:
        """Run `docker compose WORDS`; a failure fails the test unless it is asked for."""
        line = ["docker", "compose"]
        line += ["--project-name", self.project] if self.project else []
        line += ["--profile", self.profile] if self.profile else []
        line += [word for name in self.files for word in ("--file", str(COMPOSE / f"{name}.yaml"))]
        done = subprocess.run(
            [*line, *words],
            env={**os.environ, **self.env},
            capture_output=True,
            text=True,
            check=False,
            timeout=timeout_s,
        )
        if ok:
            assert done.returncode == 0, done.stdout + done.stderr
        return done

    def config(self) -> dict[str, Any]:
        """What Compose has read, every variable filled in."""
        told: dict[str, Any] = json.loads(self("config", "--format", "json").stdout)
        return told
