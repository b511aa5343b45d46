"""A stubbed engine and an empty place for one set of stand-ins."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sage_edge.image import engine
from sage_edge.image.engine import DockerClient
from sage_edge.sim import SimPlace
from tests.sim import stub
from tests.sim.stub import INFO, StubDocker, StubEngine


@pytest.fixture
def stubbed(monkeypatch: pytest.MonkeyPatch) -> Iterator[StubEngine]:
    """An engine that says who it is."""
    with stub.serving(monkeypatch) as serving:
        serving.answers("GET /info", INFO)
        yield serving


@pytest.fixture
def docker(stubbed: StubEngine) -> Iterator[DockerClient]:
    """The door to that engine."""
    with engine.connect() as docker:
        yield docker


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StubDocker:
    """A `docker` command that does whatever it is told, in silence."""
    folder = tmp_path / "bin"
    folder.mkdir()
    stub = StubDocker(folder, monkeypatch)
    stub.answers("nothing")
    return stub


@pytest.fixture
def place(tmp_path: Path) -> SimPlace:
    return SimPlace(tmp_path / "a blank" / "sim", "set")
