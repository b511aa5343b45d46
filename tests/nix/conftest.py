"""One nix for all tests of a run, and the values that several of them look at."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import nixes
from tests.nix import asking
from tests.nix.asking import Asked
from tools.nix_check.program import Nix


@pytest.fixture(scope="session")
def nix(tmp_path_factory: pytest.TempPathFactory) -> Nix:
    return nixes.nix(tmp_path_factory.mktemp("nix"))


@pytest.fixture(scope="session")
def here(nix: Nix) -> Asked:
    """This working tree."""
    return asking.asked(nix)


@pytest.fixture(scope="session")
def units(here: Asked) -> dict[str, str]:
    """Name → text of every unit of our modules."""
    units: dict[str, str] = here.of_system("checks.units.units")
    return units


@pytest.fixture
def changed(nix: Nix, tmp_path: Path) -> Asked:
    """A clone that a test may change."""
    return asking.asked(nix, asking.clone(tmp_path / "clone"))
