"""Only the adapter crosses the wire, and the board's own `sage-edge model prepare` makes the rest: real parts.

A tiny base and adapter made by transformers and PEFT, the real merge, converter, quantiser and parity on both sides.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from sage_edge.model_sync.sync import SyncOrder, sync
from sage_edge.models.cards import read_cards
from sage_edge.models.download.hub import Hub
from sage_edge.models.lock import read_lock
from sage_edge.models.prepare import run
from sage_edge.models.prepare.prepare_context import PrepareContext
from sage_edge.models.prepare.stage import part_ref
from sage_edge.models.resolve import Library
from sage_edge.models.store.store import Store
from sage_edge.names import HostName
from tests.deploy import weights
from tests.deploy.boards import Board, needs_ssh
from tests.models import quick, tiny

pytestmark = [needs_ssh, pytest.mark.full]
ROOT, THOR = Path(__file__).parents[2], HostName("thor")


@pytest.fixture
def prepared(fleet: Path, store: Store, tmp_path_factory: pytest.TempPathFactory) -> tuple[PrepareContext, Path]:
    """A workstation that has made the model, and the folder with the converter."""
    shared = tiny.shared_folder(tmp_path_factory)
    made, tools = tiny.make(shared), tiny.tools(shared)
    sources = {"directory": str(made.base)}, {"directory": str(made.adapter)}
    tiny.declare(fleet, tiny.cards(*sources, base_weights=made.base_weights))
    store.root.mkdir()
    (store.root / "tools").symlink_to(tools)
    context = PrepareContext(fleet, read_cards(fleet), store, Hub(quick.NOWHERE))
    run.prepare(tiny.REF, context)
    return context, tools


def install(board: Board, fleet: Path, tools: Path) -> Path:
    """Give a board the real command, a copy of the fleet and the converter; return its fleet."""
    theirs = board.folder / "fleet"
    shutil.rmtree(theirs, ignore_errors=True)
    shutil.copytree(fleet, theirs)
    board.store.root.mkdir(exist_ok=True)
    (board.store.root / "tools").symlink_to(tools)
    program = (
        f'#!/bin/sh\nexport SAGE_FLEET="{theirs}" PYTHONPATH="{ROOT}"\nexec "{sys.executable}" -m sage_edge "$@"\n'
    )
    tool = board.tools / "sage-edge"
    tool.write_text(program)
    tool.chmod(0o755)
    return theirs


def test_the_board_merges_and_has_the_very_same_model(
    prepared: tuple[PrepareContext, Path], thor: Board, tmp_path: Path
) -> None:
    context, tools = prepared
    said: list[str] = []

    def says(what: str, total: int, done: int) -> None:
        said.append(what)

    sync(SyncOrder(tiny.BASE, THOR), context.fleet, context.store, says)
    theirs = install(thor, context.fleet, tools)
    adapter = context.store.manifest(part_ref(tiny.REF, "adapter"))
    whole = context.store.manifest(tiny.REF)
    assert adapter is not None
    assert whole is not None
    done = sync(SyncOrder(tiny.REF, THOR), context.fleet, context.store, says)
    assert (done.how, done.why) == ("sent the adapter, merged there", "")
    assert done.crossed_bytes < 1.1 * adapter.size_bytes + 8_000 < whole.size_bytes
    assert "thor merges" in said
    assert weights.held(thor.store, whole, tmp_path / "seen")
    model = Library(theirs, thor.store.root).resolve(tiny.REF, deep=True)
    assert model.digest == whole.weights_digest()
    assert read_lock(theirs) == read_lock(context.fleet)
    again = sync(SyncOrder(tiny.REF, THOR), context.fleet, context.store, says)
    assert (again.how, again.crossed_bytes) == ("was there", 0)
