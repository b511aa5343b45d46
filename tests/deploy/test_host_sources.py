"""`sage-edge model prepare` of cards that say `{host: …}`: copied from a board's store over real ssh and rsync."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sage_edge.cli import main
from sage_edge.clock import parse
from sage_edge.models.cards import read_cards
from sage_edge.models.errors import DigestMismatch
from sage_edge.models.lock import LockedModel, read_lock, write_lock
from sage_edge.models.manifest import Manifest
from sage_edge.models.prepare import import_folder
from sage_edge.models.store import blobs
from sage_edge.models.store.store import Store
from sage_edge.names import Digest
from tests.benchmarks import random_gguf
from tests.deploy.boards import Board, needs_ssh
from tests.models import quick, tiny
from tests.models.prepare.test_smoke import SHAPE

pytestmark = needs_ssh
NOW = parse("2026-11-20T06:00:00Z")
FINISHED = {
    "base": ...,
    "adapter": ...,
    "steps": [],
    "source": {"host": "sprout"},
    "parameters": SHAPE.parameters,
}


@pytest.fixture
def home(fleet: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a workstation whose fleet knows the boards; its store is empty."""
    monkeypatch.setenv("SAGE_FLEET", str(fleet))
    monkeypatch.setenv("SAGE_MODELS", str(fleet.parent / "models"))
    monkeypatch.setenv("COLUMNS", "200")
    return fleet.parent


def prepare() -> Result:
    """Type `sage-edge model prepare` for the tiny model."""
    return CliRunner().invoke(main, ["model", "prepare", tiny.REF])


def finished(home: Path, board: Board) -> Manifest:
    """A board that holds a finished model, as `sage-edge model import` there makes it; the card names the board."""
    sizes = {"parameters": SHAPE.parameters, "hidden_size": SHAPE.hidden, "context_length": SHAPE.context}
    tiny.declare(home / "a fleet", tiny.cards({"directory": "base"}, {}, sizes, **FINISHED))
    (home / "gguf").mkdir()
    random_gguf.write(home / "gguf" / "m.gguf", SHAPE)
    card = import_folder.card_of(tiny.REF, read_cards(home / "a fleet"))
    return import_folder.import_folder(home / "gguf", card, board.store, NOW)


def test_a_finished_model_is_copied_asked_and_locked(home: Path, sprout: Board, store: Store) -> None:
    there = finished(home, sprout)
    done = prepare()
    assert done.exit_code == 0, done.output
    assert [line.split()[0] for line in done.stdout.splitlines()[1:3]] == ["copy", "lock"]
    assert store.manifest(tiny.REF) == there
    assert read_lock(home / "a fleet") == {tiny.REF: LockedModel(there.digest())}
    assert blobs.hash_file(store.blob(there.files[0].digest)) == there.files[0].digest
    assert list(store.partial.glob("prepare-*")) == []
    assert prepare().stdout == f"{tiny.REF} is prepared; nothing is missing\n"


@pytest.mark.slow
def test_a_copy_that_does_not_speak_gets_no_name(home: Path, sprout: Board, store: Store) -> None:
    there = finished(home, sprout)
    data = bytearray(sprout.store.blob(there.files[0].digest).read_bytes())
    at = data.index(b"tokenizer.ggml.model") + len("tokenizer.ggml.model") + 12
    data[at : at + 4] = b"gpt9"  # the header holds together; llama.cpp knows no such tokenizer
    (home / "gguf" / "m.gguf").write_bytes(data)
    card = import_folder.card_of(tiny.REF, read_cards(home / "a fleet"))
    import_folder.import_folder(home / "gguf", card, sprout.store, NOW)
    done = prepare()
    assert (done.exit_code, store.manifest(tiny.REF)) == (8, None)
    assert f"error: {tiny.REF} does not run: " in done.stderr
    assert read_lock(home / "a fleet") == {}


def test_the_lock_is_held_against_what_the_board_lists(home: Path, sprout: Board, store: Store) -> None:
    there = finished(home, sprout)
    write_lock(home / "a fleet", {tiny.REF: LockedModel(Digest("sha256:" + "0" * 64))})
    done = prepare()
    assert done.exit_code == DigestMismatch.code
    assert f"error: the listing of {tiny.REF} on sprout has digest {there.digest()}, the lock says" in done.stderr
    assert store.refs() == ()


def test_a_board_that_does_not_have_it(home: Path, sprout: Board) -> None:
    tiny.declare(home / "a fleet", tiny.cards({"directory": "base"}, {}, **FINISHED))
    done = prepare()
    assert (done.exit_code, done.stderr.splitlines()[1:]) == (
        1,
        [
            f"error: no model named {tiny.REF} is in the store of sprout",
            " next: see on sprout what is: sage-edge model list",
        ],
    )


def test_an_adapter_is_copied_from_the_board_that_imported_it(
    home: Path, sprout: Board, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick.doubles(monkeypatch)
    quick.fleet(home)
    pinned = tiny.cards(
        {"directory": "base"},
        {"host": "sprout"},
        quick.SIZES,
        base_weights=quick.context(home).cards[tiny.REF].base_weights,
    )
    tiny.declare(home / "a fleet", pinned)
    card = import_folder.card_of(f"{tiny.REF}.adapter", read_cards(home / "a fleet"))
    there = import_folder.import_folder(home / "adapter", card, sprout.store, NOW)
    done = prepare()
    assert done.exit_code == 0, done.output
    assert f"2/8 copy {tiny.REF}.adapter\n" in done.stderr
    assert store.manifest(card.ref) == there
    assert set(read_lock(home / "a fleet")) == {tiny.REF, tiny.BASE}
