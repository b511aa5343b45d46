"""What tests of the command line share."""

from __future__ import annotations

import pytest

from tests.cli import world as worlds
from tests.cli.world import World


@pytest.fixture(scope="session")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A world in which nothing has happened yet, made by the real command; others copy its hub."""
    return worlds.make(tmp_path_factory.mktemp("fresh"))
