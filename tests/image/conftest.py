"""A stubbed engine, and the door to it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sage_edge.image import engine
from sage_edge.image.engine import DockerClient
from tests.sim import stub
from tests.sim.stub import INFO, StubEngine

ID = "sha256:" + "ab" * 32


@pytest.fixture
def stubbed(monkeypatch: pytest.MonkeyPatch) -> Iterator[StubEngine]:
    """An engine that says who it is and has an image called a-base:1."""
    with stub.serving(monkeypatch) as serving:
        serving.answers("GET /info", INFO)
        serving.answers("GET /images/a-base:1/json", {"Id": ID, "Size": 1, "Architecture": "amd64"})
        yield serving


@pytest.fixture
def docker(stubbed: StubEngine) -> Iterator[DockerClient]:
    """The door to that engine."""
    with engine.connect() as docker:
        yield docker
