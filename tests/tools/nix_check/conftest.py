"""What the tests on a real nix share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests import nixes
from tools.nix_check.flake import Flake
from tools.nix_check.program import Nix

Spoilt = Callable[[Mapping[str, tuple[str, str]]], Flake]


@pytest.fixture(scope="session")
def nix(tmp_path_factory: pytest.TempPathFactory) -> Nix:
    """A real nix; without it tests are skipped, and fail in CI."""
    return nixes.nix(tmp_path_factory.mktemp("nix"))


@pytest.fixture
def spoilt(nix: Nix, tmp_path: Path) -> Spoilt:
    """A copy of this checkout with files changed, as its flake."""
    return lambda changed: nixes.flake(nix, tmp_path, changed)
