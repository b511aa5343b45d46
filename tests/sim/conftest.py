"""A stubbed engine and an empty place for one set of stand-ins."""

from __future__ import annotations

from pathlib import Path

import pytest

from sage_edge.sim import Place
from tests.sim.stub import INFO, StubDocker


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StubDocker:
    """An engine that is there and does whatever it is told, in silence."""
    folder = tmp_path / "bin"
    folder.mkdir()
    stub = StubDocker(folder, monkeypatch)
    stub.answers("info*", INFO)
    return stub


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path / "a blank" / "sim", "set")
