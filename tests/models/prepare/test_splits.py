"""A GGUF in splits, all the way: imported, asked, listed, verified, resolved, baked, loaded from its first split."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from sage_edge.engines import Deadline, Draw, Message, Sampling, Settings
from sage_edge.engines.llamacpp import LlamaCpp
from sage_edge.image.build_context import take_model
from sage_edge.models import lock
from sage_edge.models.cards import read_cards
from sage_edge.models.errors import ModelError, ModelIncomplete
from sage_edge.models.model_inventory import entry_of
from sage_edge.models.prepare import smoke
from sage_edge.models.prepare.import_folder import import_folder
from sage_edge.models.resolve import Library
from tests.models.shelving import REF, declare

pytest.importorskip("llama_cpp")
gguf = pytest.importorskip("gguf")
random_gguf = pytest.importorskip("tests.benchmarks.random_gguf")

NOW = datetime(2026, 11, 20, 6, tzinfo=timezone.utc)
SHAPE = random_gguf.Shape(64, 128, 1, 4, 2, 600, 256)
SETTINGS = Settings(context_tokens=256, batch_tokens=64, threads=1, gpu_layers=0)
GREEDY = Draw(Sampling(temperature=0.0, top_p=1.0, top_k=0, min_p=0.0, repeat_penalty=1.0, max_tokens=4), seed=7)
HELLO = (Message("system", "you are a young mind"), Message("user", "hello"))
NAMES = tuple(f"m-{number:05d}-of-00003.gguf" for number in (1, 2, 3))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tiny model in three splits, as llama.cpp's own tool cuts them."""
    real = gguf.GGUFWriter.__init__

    def in_parts(self: Any, path: Path, arch: str) -> None:
        real(self, path, arch, split_max_tensors=5)

    made = tmp_path / "splits"
    made.mkdir()
    with monkeypatch.context() as patch:
        patch.setattr(gguf.GGUFWriter, "__init__", in_parts)
        random_gguf.write(made / "m.gguf", SHAPE)
    assert {path.name for path in made.iterdir()} == set(NAMES)
    return made


@pytest.fixture
def library(tmp_path: Path) -> Library:
    """A machine with a card of that model, and nothing in its store."""
    sizes = {"parameters": SHAPE.parameters, "context_length": SHAPE.context}
    declare(tmp_path / "fleet", container="gguf", quantisation="q8_0", chat_template=..., **sizes)
    return Library(tmp_path / "fleet", tmp_path / "models")


def answer(library: Library) -> str:
    """What the engine answers with what the library resolves."""
    engine = LlamaCpp(SETTINGS)
    engine.load(library.resolve(REF, deep=True))
    try:
        return engine.reply(HELLO, GREEDY, Deadline(60)).text
    finally:
        engine.close()


def test_splits_are_one_model_from_import_to_answer(folder: Path, library: Library, tmp_path: Path) -> None:
    manifest = import_folder(folder, read_cards(library.fleet)[REF], library.store, NOW, smoke.ask)
    lock.write_lock(library.fleet, lock.refreshed({}, read_cards(library.fleet), library.store.manifests()))
    model = library.resolve(REF, deep=True)
    assert model.path == library.store.tree_path(manifest) / NAMES[0]
    assert {path.name for path in model.path.parent.iterdir()} == set(NAMES)
    assert (entry_of(library, REF).state, len(model.parts)) == ("here", 3)
    (tmp_path / "whole").mkdir()
    random_gguf.write(tmp_path / "whole" / "m.gguf", SHAPE)
    other = Library(library.fleet, tmp_path / "other")
    import_folder(tmp_path / "whole", read_cards(other.fleet)[REF], other.store, NOW, smoke.ask)
    split = answer(library)
    lock.write_lock(other.fleet, lock.refreshed({}, read_cards(other.fleet), other.store.manifests()))
    assert split == answer(other)


def test_splits_are_baked_with_their_names(folder: Path, library: Library, tmp_path: Path) -> None:
    manifest = import_folder(folder, read_cards(library.fleet)[REF], library.store, NOW)
    lock.write_lock(library.fleet, lock.refreshed({}, read_cards(library.fleet), library.store.manifests()))
    (tmp_path / "baked").mkdir()
    take_model(library, REF, tmp_path / "baked")
    tree = library.store.tree_path(manifest).relative_to(library.store.root)
    assert {path.name for path in (tmp_path / "baked").glob(f"layer-*/{tree}/*")} == set(NAMES)


def test_a_split_that_is_lost_is_missed_by_everybody(folder: Path, library: Library) -> None:
    manifest = import_folder(folder, read_cards(library.fleet)[REF], library.store, NOW)
    lock.write_lock(library.fleet, lock.refreshed({}, read_cards(library.fleet), library.store.manifests()))
    library.store.blob(manifest.files[1].digest).unlink()
    with pytest.raises(ModelIncomplete, match=NAMES[1]):
        library.resolve(REF)
    assert entry_of(library, REF).state == "incomplete"


@pytest.mark.parametrize("lost", NAMES)
def test_a_split_that_never_came_is_refused(folder: Path, library: Library, lost: str) -> None:
    (folder / lost).unlink()
    with pytest.raises(ModelError, match=lost):
        import_folder(folder, read_cards(library.fleet)[REF], library.store, NOW)
    assert library.store.refs() == ()
