"""A hub with two hosts, one of each kind, and nothing on it yet."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fakes import HandClock, Home, World, make_world


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> World:
    """One world to copy."""
    return make_world(tmp_path_factory.mktemp("world") / "template")


@pytest.fixture
def world(template: World, tmp_path: Path) -> World:
    """A world of this test's own."""
    shutil.copytree(template.folder, tmp_path / "world")
    return World(tmp_path / "world", tmp_path / "world" / "fleet")


@pytest.fixture
def watch() -> HandClock:
    """The clock that both hosts share."""
    return HandClock()


@pytest.fixture
def home(world: World, watch: HandClock) -> Callable[..., Home]:
    """A host of the world in a new process."""

    def make(host: str = "sprout", **parts: object) -> Home:
        return Home(world, host, clock=watch, **parts)  # type: ignore[arg-type]

    return make
