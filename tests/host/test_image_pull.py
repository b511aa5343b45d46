"""An image comes by steps; only the last has to; passing names go, and the image keeps one that lasts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sage_edge.host import image_pull
from sage_edge.host.errors import Refusal
from sage_edge.host.machine import LocalEngine

STUB = """#!/bin/sh
echo "$*" >> "{log}"
case "$*" in *{fails}*) echo "manifest unknown" >&2; exit 1;; esac
"""
REFS = ("localhost:4/sage/sprout:0123456789ab-1", "localhost:4/sage/sprout:0123456789ab")


def docker(folder: Path, monkeypatch: pytest.MonkeyPatch, fails: str = "nothing") -> Path:
    """Put a docker in the PATH that notes what it is asked; return its notes."""
    folder.joinpath("docker").write_text(STUB.format(log=folder / "log", fails=fails))
    folder.joinpath("docker").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    return folder / "log"


class Images(LocalEngine):
    """An engine with these names."""

    def __init__(self, *names: str) -> None:
        self.names = names

    def images(self) -> list[dict[str, Any]]:
        return [{"Id": "sha256:1", "RepoTags": list(self.names)}, {"Id": "sha256:2", "RepoTags": None}]


def test_steps_come_one_after_the_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = docker(tmp_path, monkeypatch)
    image_pull.pull(REFS, lambda: None)
    assert log.read_text().splitlines() == [f"pull --quiet {ref}" for ref in REFS]


def test_a_step_that_is_refused_costs_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = docker(tmp_path, monkeypatch, fails="ab-1")
    image_pull.pull(REFS, lambda: None)
    assert len(log.read_text().splitlines()) == 2


def test_the_image_itself_must_come(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    docker(tmp_path, monkeypatch, fails="0123456789ab")
    with pytest.raises(Refusal, match="pulling the image failed: manifest unknown"):
        image_pull.pull(REFS, lambda: None)


def test_passing_names_go_and_one_that_lasts_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = docker(tmp_path, monkeypatch)
    image_pull.tidy(Images(*REFS, "sage/sprout:cpu", "registry.example/sage/sprout:0123456789ab"))
    assert log.read_text().splitlines() == [
        f"rmi --no-prune {REFS[0]}",
        "tag sha256:1 sage/sprout:0123456789ab",
        f"rmi --no-prune {REFS[1]}",
    ]
