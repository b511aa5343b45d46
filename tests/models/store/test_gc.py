"""What nothing names: shown before it goes, names before bytes, and nothing that was not shown."""

from __future__ import annotations

import contextlib
import errno
import os
from pathlib import Path

import pytest

from sage_edge.errors import Locked, StorageError
from sage_edge.models.errors import ModelError, ModelNotFound
from sage_edge.models.store.gc import collect, leftovers, removal, used
from sage_edge.models.store.store import Store
from sage_edge.names import ModelRef
from tests.kill.faults import Refusing
from tests.models.shelving import FILES, REF, SHARDS, digest, fill, manifest

OTHER = ModelRef("other/mind:bf16")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A store with two models, a blob and a tree that nothing names, and an unfinished download."""
    made = Store(tmp_path / "store")
    for contents in (FILES, SHARDS, {"old.gguf": b"old" * 10}):
        fill(made, contents, tmp_path / "parts")
    made.put(manifest())
    shards = manifest(SHARDS, ref=OTHER, container="safetensors")
    made.put(shards)
    made.tree(shards)
    made.tree(manifest(SHARDS, ref=OTHER, container="safetensors", seed=9))
    made.partial.mkdir(exist_ok=True)
    (made.partial / "download").mkdir()
    (made.partial / "download" / "data").write_bytes(b"half")
    (made.partial / "copy-1-2").write_bytes(b"killed")
    (made.partial / "prepare-0123").mkdir()
    (made.partial / "prepare-0123" / "model.safetensors").write_bytes(b"killed, too")
    return made


def blobs(store: Store) -> set[str]:
    """Names of all blobs."""
    return {path.name for path in store.blobs.iterdir()}


def test_removing_a_model_touches_no_older_leftovers(store: Store) -> None:
    older, before = leftovers(store), blobs(store)
    shown = removal(store, [OTHER])
    listed = {f"sha256-{digest(content)[7:]}" for content in SHARDS.values()}
    assert shown.forgotten == (OTHER,)
    assert {thing.path.name for thing in shown.blobs} == listed
    assert (len(shown.trees), shown.partial, blobs(store)) == (1, (), before)
    assert collect(store, shown) == shown
    assert blobs(store) == before - listed
    assert [thing.path for thing in leftovers(store).things] == [thing.path for thing in older.things]
    with pytest.raises(ModelNotFound):
        removal(store, [OTHER])


def test_what_is_named_stays(store: Store) -> None:
    before = blobs(store)
    shown = leftovers(store)
    assert [thing.path for thing in shown.blobs] == [store.blob(digest(b"old" * 10))]
    assert [thing.path.name for thing in shown.partial] == ["copy-1-2", "prepare-0123"]
    assert len(shown.trees) == 1
    assert shown.size_bytes == 30 + len(b"killedkilled, too")
    assert blobs(store) == before
    gone = collect(store, shown)
    assert gone == shown
    assert blobs(store) == before - {shown.blobs[0].path.name}
    assert (store.partial / "download" / "data").read_bytes() == b"half"
    for listing in store.manifests().values():
        assert store.missing(listing) == ()
    assert leftovers(store).things == ()


def test_a_forgotten_model_goes_name_first(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = leftovers(store, [OTHER], partial=True)
    assert {thing.path for thing in shown.blobs} >= {store.blob(digest(data)) for data in SHARDS.values()}
    assert [thing.path.name for thing in shown.partial] == ["copy-1-2", "download", "prepare-0123"]
    assert store.manifest(OTHER) is not None
    order: list[str] = []
    unlink, sync = os.unlink, os.fsync

    def noted_unlink(path: str | Path, **named: int) -> None:
        order.append(Path(path).name)
        unlink(path, **named)

    def noted_sync(handle: int) -> None:
        order.append(f"sync {Path(f'/proc/self/fd/{handle}').readlink().name}")
        sync(handle)

    monkeypatch.setattr(os, "unlink", noted_unlink)
    monkeypatch.setattr(os, "fsync", noted_sync)
    collect(store, shown)
    monkeypatch.undo()
    first_blob = next(number for number, name in enumerate(order) if name.startswith("sha256-"))
    assert order.index("bf16.json") < order.index("sync mind") < first_blob
    assert store.refs() == (REF,)
    assert blobs(store) == {store.blob(digest(data)).name for data in FILES.values()}
    assert list(store.partial.iterdir()) == []


def test_what_was_named_meanwhile_stays(store: Store, tmp_path: Path) -> None:
    shown = leftovers(store)
    store.put(manifest({"old.gguf": b"old" * 10}, ref="new/mind:x"))
    fill(store, {"later.gguf": b"later"}, tmp_path / "parts")
    gone = collect(store, shown)
    assert gone.blobs == ()
    assert store.has(digest(b"later"), 5)  # it is left over, but it was not shown
    assert store.has(digest(b"old" * 10), 30)


def test_a_listing_that_cannot_be_read_stops_it(store: Store) -> None:
    store.manifest_path(REF).write_bytes(b"{")
    with pytest.raises(ModelError, match=r"q8_0.json cannot be read"):
        leftovers(store)
    with pytest.raises(ModelError):
        collect(store, leftovers(Store(store.root / "empty")))


def test_a_file_among_the_names_stops_it(store: Store) -> None:
    (store.root / "manifests" / "tiny" / "mind" / "COPY OF q8_0.json").write_bytes(b"")
    with pytest.raises(ModelError, match="is no name of a model, so nobody can tell which bytes it needs"):
        leftovers(store)


def test_only_names_of_the_store_are_forgotten(store: Store) -> None:
    with pytest.raises(ModelNotFound, match="no model named no/such:x"):
        leftovers(store, [ModelRef("no/such:x")])


def test_nothing_goes_while_somebody_adds(store: Store) -> None:
    shown = leftovers(store)
    with store.writing(), pytest.raises(Locked):
        collect(store, shown)
    assert leftovers(store) == shown


def test_an_absent_store_has_nothing_left_over(tmp_path: Path) -> None:
    assert leftovers(Store(tmp_path / "absent")).things == ()
    assert not (tmp_path / "absent").exists()


def test_a_refusing_disk_takes_no_bytes_from_a_name(store: Store, tmp_path: Path) -> None:
    for at in range(1, 40):
        fill(store, SHARDS, tmp_path / "parts")
        store.put(manifest(SHARDS, ref=OTHER, container="safetensors"))
        shown = leftovers(store, [OTHER], partial=True)
        with Refusing(at, errno.EIO, for_ever=True).active(), contextlib.suppress(StorageError):
            collect(store, shown)
        for listing in store.manifests().values():
            assert store.missing(listing) == ()
    assert OTHER not in store.refs()


def test_shared_bytes_count_once() -> None:
    one, two = manifest(), manifest(ref="new/mind:x")
    assert used([one, two]) == one.size_bytes
    assert used([manifest(SHARDS, container="safetensors")]) == sum(map(len, SHARDS.values())) - len(b"{}")
