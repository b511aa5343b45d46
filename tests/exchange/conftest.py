"""The worlds that the exchange's tests live in."""

from __future__ import annotations

from pathlib import Path

import pytest

from .world import World


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A hub with its doorkeeper, and hosts that have not spoken yet."""
    made = World(tmp_path)
    made.open_hub()
    return made
