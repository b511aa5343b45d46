"""A copy of the real fleet to break, one per test."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from sage_edge.errors import DeclarationError
from sage_edge.inventory import load as loading

from .machines import FLEET

Edit = Callable[..., None]
Faults = Callable[[], list[str]]


@pytest.fixture
def fleet(tmp_path: Path) -> Path:
    """The real inventory, copied."""
    folder = tmp_path / "fleet"
    folder.mkdir()
    shutil.copy(FLEET / "fleet.yaml", folder)
    (folder / "curriculum").mkdir()
    shutil.copy(FLEET / "curriculum" / "kinds.yaml", folder / "curriculum")
    for name in ("hosts", "roles", "boards", "overlays"):
        shutil.copytree(FLEET / name, folder / name)
    return folder


@pytest.fixture
def edit(fleet: Path) -> Edit:
    """Replace one text in a file of the copy; the text must be there."""

    def replace(file: str, old: str, new: str) -> None:
        path = fleet / file
        content = path.read_text(encoding="utf-8")
        assert old in content
        path.write_text(content.replace(old, new), encoding="utf-8")

    return replace


@pytest.fixture
def faults(fleet: Path) -> Faults:
    """What is wrong with the copy, one line per fault."""

    def load() -> list[str]:
        with pytest.raises(DeclarationError) as refused:
            loading.load(fleet)
        assert refused.value.code == 2
        assert refused.value.hint
        return refused.value.message.splitlines()

    return load
