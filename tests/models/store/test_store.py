"""The store: a blob is there whole or not at all, a name never without its bytes, whoever is killed or refused when."""

from __future__ import annotations

import contextlib
import errno
import itertools
import multiprocessing
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sage_edge import hints
from sage_edge.errors import Locked, StorageError
from sage_edge.models.errors import DigestMismatch, ModelError, ModelIncomplete
from sage_edge.models.store import blobs
from sage_edge.models.store.store import Store
from sage_edge.names import Digest, ModelRef
from tests.kill.faults import Refusing
from tests.models.shelving import FILES, REF, SHARDS, digest, fill, manifest

DATA = b"weights" * 1000
REFUSALS = ((errno.ENOSPC, True), (errno.EIO, False))


def part(folder: Path, data: bytes = DATA) -> Path:
    """A finished download."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "part"
    path.write_bytes(data)
    return path


def held(store: Store) -> dict[str, bytes]:
    """Name → bytes of all blobs."""
    return {path.name: path.read_bytes() for path in store.blobs.iterdir()} if store.blobs.is_dir() else {}


def test_a_finished_file_is_kept_under_its_digest(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    kept = store.keep(part(tmp_path), digest(DATA))
    assert kept == digest(DATA)
    assert held(store) == {f"sha256-{kept[7:]}": DATA}
    assert store.has(kept, len(DATA))
    assert not store.has(kept, len(DATA) - 1)
    assert not store.has(digest(b""), 0)
    assert not (tmp_path / "part").exists()
    assert stat.S_IMODE(store.blob(kept).stat().st_mode) == 0o444
    assert store.keep(part(tmp_path)) == kept


def test_other_bytes_are_not_kept(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    with pytest.raises(DigestMismatch, match="part has digest") as refused:
        store.keep(part(tmp_path), digest(b"other"))
    assert refused.value.code == 8
    assert (tmp_path / "part").read_bytes() == DATA
    with pytest.raises(DigestMismatch):
        store.add(tmp_path / "part", digest(b"other"))
    assert held(store) == {}
    assert list(store.partial.iterdir()) == []


def test_a_copy_leaves_the_file_where_it_is(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    source = part(tmp_path)
    assert store.add(source) == digest(DATA)
    assert source.read_bytes() == DATA
    source.write_bytes(b"changed")
    assert held(store) == {f"sha256-{digest(DATA)[7:]}": DATA}


@pytest.mark.parametrize("kind", ["symlink", "folder", "fifo", "dangling"])
def test_only_plain_files_become_blobs(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "odd"
    make: dict[str, Callable[[], None]] = {
        "symlink": lambda: path.symlink_to(part(tmp_path)),
        "folder": path.mkdir,
        "fifo": lambda: os.mkfifo(path),
        "dangling": lambda: path.symlink_to("nowhere"),
    }
    make[kind]()
    store = Store(tmp_path / "store")
    for take in (store.add, store.keep):
        with pytest.raises(ModelError, match=r"odd is no plain file; the store takes neither symlinks nor devices"):
            take(path)
    assert held(store) == {}


@settings(max_examples=25)
@given(sizes=st.lists(st.integers(0, 3 << 20), min_size=1, max_size=3))
def test_files_of_any_size_are_hashed(tmp_path_factory: pytest.TempPathFactory, sizes: list[int]) -> None:
    folder = tmp_path_factory.mktemp("sizes")
    for size in sizes:
        path = part(folder, os.urandom(size))
        assert blobs.hash_file(path) == digest(path.read_bytes())


def test_a_name_never_comes_before_its_bytes(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    with pytest.raises(ModelIncomplete, match=r"tiny/mind:q8_0 lacks model\.gguf"):
        store.put(manifest())
    assert store.manifest(REF) is None
    fill(store, FILES, tmp_path)
    assert store.put(manifest()) == manifest().digest()
    assert store.manifest(REF) == manifest()
    assert store.refs() == (REF,)
    assert store.manifest_path(REF) == tmp_path / "store" / "manifests" / "tiny" / "mind" / "q8_0.json"


def test_a_blob_of_another_size_is_told_apart(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    fill(store, FILES, tmp_path)
    blob = store.blob(digest(FILES["model.gguf"]))
    blob.chmod(0o644)
    blob.write_bytes(FILES["model.gguf"][:-1])
    size = len(FILES["model.gguf"])
    assert store.missing(manifest()) == (f"1 bytes of model.gguf ({size - 1} of {size} are there)",)


@pytest.mark.parametrize("content", [b"", b"{}", manifest(ref="other/mind:x").pretty()])
def test_a_broken_name_is_refused(tmp_path: Path, content: bytes) -> None:
    store = Store(tmp_path / "store")
    fill(store, FILES, tmp_path)
    store.put(manifest())
    store.manifest_path(REF).write_bytes(content)
    with pytest.raises(ModelError, match=r"q8_0.json (cannot be read|lists other/mind:x)") as refused:
        store.manifest(REF)
    assert hints.text(refused.value.hint) == "sage-edge model prepare tiny/mind:q8_0"
    with pytest.raises(ModelError):
        store.manifests()


def test_a_tree_holds_what_is_listed_and_nothing_else(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    fill(store, SHARDS, tmp_path)
    listing = manifest(SHARDS, container="safetensors")
    folder = store.tree(listing)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == SHARDS
    assert (folder / "config.json").samefile(store.blob(digest(b"{}")))
    (folder / "adapter_config.json").write_bytes(b"a stranger's")
    (folder / "config.json").unlink()
    (folder / "config.json").write_bytes(b"[]")
    (folder / "tokenizer.json").unlink()
    (folder / "tokenizer.json").symlink_to("/etc/hostname")
    assert store.tree(listing) == folder
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == SHARDS
    assert not (folder / "tokenizer.json").is_symlink()


def test_a_tree_needs_its_bytes(tmp_path: Path) -> None:
    with pytest.raises(ModelIncomplete, match=r"lacks model.gguf"):
        Store(tmp_path).tree(manifest())


def test_a_folder_that_is_a_symlink_is_not_written_through(tmp_path: Path) -> None:
    store, target = Store(tmp_path / "store"), tmp_path / "target"
    contents = {"deep/model.gguf": b"x"}
    fill(store, contents, tmp_path / "parts")
    target.mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "deep").symlink_to(target)
    with pytest.raises(ModelError, match="is a symlink"):
        store.checkout(manifest(contents), tmp_path / "out")
    assert list(target.iterdir()) == []


def test_a_removed_name_leaves_its_bytes(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    fill(store, FILES, tmp_path)
    store.put(manifest())
    assert store.remove(REF)
    assert not store.remove(REF)
    assert store.manifest(REF) is None
    assert len(held(store)) == 1


def test_nobody_collects_while_somebody_adds(tmp_path: Path) -> None:
    store, other = Store(tmp_path), Store(tmp_path)
    with store.writing():
        fill(other, FILES, tmp_path / "parts")  # a second writer does not wait
        with pytest.raises(Locked, match="the model store"), other.collecting():
            pass
    with other.collecting():
        pass


def test_one_model_is_made_once_at_a_time(tmp_path: Path) -> None:
    store, other = Store(tmp_path), Store(tmp_path)
    with store.preparing(REF):
        taken = pytest.raises(Locked, match=r"the preparation of tiny/mind:q8_0 is in use by process \d+")
        with taken, other.preparing(REF):
            pass
        with other.preparing(ModelRef("another/mind:x")):
            pass
    with other.preparing(REF):
        pass


def _rush(root: Path, scratch: Path, number: int) -> None:
    store = Store(root)
    for turn in range(10):
        fill(store, FILES, scratch / f"{number}-{turn}")
        store.put(manifest(created=f"2026-11-20T06:00:0{turn % 10}Z"))
        found = store.manifest(REF)
        assert found is not None
        assert not store.missing(found)


def test_many_writers_leave_one_whole_model(tmp_path: Path) -> None:
    fork = multiprocessing.get_context("fork")
    crowd = [fork.Process(target=_rush, args=(tmp_path / "store", tmp_path, n)) for n in range(4)]
    for one in crowd:
        one.start()
    for one in crowd:
        one.join(60)
    assert [one.exitcode for one in crowd] == [0] * 4
    store = Store(tmp_path / "store")
    assert held(store) == {f"sha256-{digest(data)[7:]}": data for data in FILES.values()}
    assert store.missing(manifest()) == ()


def _keep(store: Store, scratch: Path) -> None:
    store.keep(scratch / "part", digest(DATA))


def _add(store: Store, scratch: Path) -> None:
    store.add(scratch / "part", digest(DATA))


def _name(store: Store, scratch: Path) -> None:
    store.add(scratch / "part")
    store.put(manifest({"model.gguf": DATA}, seed=2))


def _whole(store: Store) -> None:
    """Every blob is what its name says; every name has its bytes."""
    for name, data in held(store).items():
        assert name == f"sha256-{digest(data)[7:]}"
    found = store.manifest(REF)
    assert found is None or not store.missing(found)


@pytest.mark.parametrize("work", [_keep, _add, _name])
def test_a_refusing_disk_leaves_the_store_whole(tmp_path: Path, work: Callable[[Store, Path], None]) -> None:

    def stage(name: str) -> tuple[Store, Path]:
        scratch = tmp_path / name
        part(scratch)
        store = Store(scratch / "store")
        fill(store, FILES, scratch / "old")
        store.put(manifest())
        return store, scratch

    counting = Refusing(0, 0, for_ever=False)
    store, scratch = stage("counted")
    with counting.active():
        work(store, scratch)
    for at, (number, ever) in itertools.product(range(1, counting.count + 1), REFUSALS):
        store, scratch = stage(f"{at}-{number}-{ever}")
        with Refusing(at, number, for_ever=ever).active(), contextlib.suppress(StorageError):
            work(store, scratch)
        _whole(store)
        assert store.manifest(REF) in (manifest(), manifest({"model.gguf": DATA}, seed=2))
        if not (scratch / "part").exists():
            part(scratch)
        work(store, scratch)
        _whole(store)
    assert counting.count >= 4


@pytest.mark.slow
@pytest.mark.parametrize("work", [_keep, _add, _name])
def test_a_kill_at_any_call_leaves_the_store_whole(tmp_path: Path, work: Callable[[Store, Path], None]) -> None:
    for at in itertools.count(1):
        scratch = tmp_path / str(at)
        part(scratch)
        store = Store(scratch / "store")
        child = os.fork()
        if child == 0:
            with contextlib.suppress(BaseException), _Dying(at).active():
                work(store, scratch)
                os._exit(0)
            os._exit(1)
        _, status = os.waitpid(child, 0)
        _whole(store)
        if os.waitstatus_to_exitcode(status) == 0:
            break
        assert os.waitstatus_to_exitcode(status) == 99
        if not (scratch / "part").exists():
            part(scratch)
        work(store, scratch)
        _whole(store)
    assert at > 4


class _Dying(Refusing):
    """The process ends, without any clean-up, instead of its n-th call."""

    def __init__(self, at: int) -> None:
        super().__init__(at, 0, for_ever=False)

    def _around(self, real: object) -> object:  # type: ignore[override]
        assert callable(real)

        def call(*words: object, **named: object) -> object:
            self.count += 1
            if self.count == self.at:
                os._exit(99)
            return real(*words, **named)

        return call


def test_the_digest_of_no_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        blobs.hash_file(tmp_path / "absent")
    assert isinstance(digest(b""), Digest)
