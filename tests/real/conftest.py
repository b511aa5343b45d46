"""What tests on the real model share: the model, an engine that holds it, and a day that was raised on it."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from sage_edge.engines import Settings
from sage_edge.engines.llamacpp import LlamaCpp
from sage_edge.models.resolve import ResolvedModel
from tests.cli.world import World
from tests.real import prepared, raised

DAY = "2026-01-01"
EVERY_WAKE = (
    *((f"{hour:02d}:00", "sprout") for hour in range(0, 24, 3)),
    *((f"{hour:02d}:30", "thor") for hour in range(3, 24, 6)),
)
"""Four primary sessions and four of training, each pair measured half an hour later."""


@pytest.fixture(scope="session")
def model() -> ResolvedModel:
    """The real model; without it tests are skipped, and fail in CI."""
    try:
        return prepared.model()
    except prepared.Absent as why:
        absent = f"{prepared.NO_MODEL}: {why}"
    if os.environ.get("CI") == "true":
        pytest.fail(absent)
    pytest.skip(absent)


@pytest.fixture(scope="module")
def engine(model: ResolvedModel) -> Iterator[LlamaCpp]:
    """An engine with room for 512 tokens that holds the model."""
    loaded = LlamaCpp(Settings(context_tokens=512, batch_tokens=128, threads=1, gpu_layers=0))
    loaded.load(model)
    yield loaded
    loaded.close()


@pytest.fixture(scope="session")
def day(model: ResolvedModel, tmp_path_factory: pytest.TempPathFactory) -> World:
    """Both hosts after a day: each wake is a process of its own, with its clock set, and the hub is on disk."""
    world = raised.world(tmp_path_factory.mktemp("day"))
    for at, host in sorted(EVERY_WAKE):
        awake = world.run(host, "agent", "once", "--at", f"{DAY}T{at}:00Z")
        assert awake.returncode == 0, f"{host} at {at}: {awake.stderr}"
    return world
