"""Bytes on disk: what is kept, what is refused, and what is left when the disk says no."""

from __future__ import annotations

import contextlib
import errno
import itertools
import os
import subprocess
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sage_edge import files
from sage_edge.errors import FolderTaken, StorageError
from tests.kill.faults import ERRNOS, Refusing

PAYLOADS = st.lists(st.text(st.characters(exclude_characters="\n", exclude_categories=["Cs"]), max_size=40), max_size=8)


def log_of(folder: Path, payloads: list[str]) -> files.LineLog:
    """A log in a folder that holds some payloads."""
    log = files.LineLog(folder / "log")
    log.path.write_bytes(b"".join(map(log.encode, payloads)))
    return log


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for all examples of a property."""
    return tmp_path_factory.mktemp("log")


@pytest.mark.parametrize(
    ("name", "data", "is_one"),
    [
        ("._a", b"\x00\x05\x16\x07more", True),
        ("a", b"\x00\x05\x16\x07more", False),
        ("._a", b"\x00\x05\x16", False),
        ("._a", b"{}", False),
    ],
)
def test_what_macos_keeps_beside_a_file_is_known_by_name_and_first_bytes(
    tmp_path: Path, name: str, data: bytes, is_one: bool
) -> None:
    (tmp_path / name).write_bytes(data)
    assert files.is_apple_double(tmp_path / name) is is_one
    assert files.listed(tmp_path, "*") == ([] if is_one else [tmp_path / name])


def test_a_pipe_or_nothing_called_so_is_not_what_macos_keeps(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "._pipe")
    assert not files.is_apple_double(tmp_path / "._pipe")
    assert not files.is_apple_double(tmp_path / "._none")


@settings(max_examples=30)
@given(payloads=PAYLOADS)
def test_what_was_appended_is_read(folder: Path, payloads: list[str]) -> None:
    log = log_of(folder, [])
    for payload in payloads:
        log.append(payload)
    assert log.read() == files.Lines(tuple(payloads), (folder / "log").stat().st_size, torn=False, bad_line=None)


@given(payloads=PAYLOADS)
def test_a_log_cut_anywhere_keeps_its_whole_lines(folder: Path, payloads: list[str]) -> None:
    log = log_of(folder, payloads)
    ends = [0]
    for payload in payloads:
        ends.append(ends[-1] + len(log.encode(payload)))
    for cut in reversed(range(ends[-1])):
        os.truncate(log.path, cut)
        whole = sum(1 for end in ends[1:] if end <= cut)
        assert log.read() == files.Lines(tuple(payloads[:whole]), ends[whole], torn=cut not in ends, bad_line=None)


@given(payloads=PAYLOADS.filter(lambda payloads: len(payloads) > 1), data=st.data())
def test_a_changed_bit_in_the_middle_is_named(folder: Path, payloads: list[str], data: st.DataObject) -> None:
    """But for the newline before the last line: without it both look like one that was torn."""
    log = log_of(folder, payloads)
    content = bytearray(log.path.read_bytes())
    last = len(content) - len(log.encode(payloads[-1]))
    at = data.draw(st.integers(0, last - 2))
    content[at] ^= 1 << data.draw(st.integers(0, 7))
    log.path.write_bytes(content)
    assert log.read().bad_line == sum(1 for byte in log_bytes(payloads)[:at] if byte == 0x0A) + 1


def log_bytes(payloads: list[str]) -> bytes:
    """The file of these payloads."""
    return b"".join(map(files.LineLog.encode, payloads))


@settings(max_examples=30)
@given(payloads=PAYLOADS.filter(bool), rest=st.binary(min_size=1, max_size=60))
def test_garbage_at_the_end_is_cut_off_however_many_lines_it_looks_like(
    folder: Path, payloads: list[str], rest: bytes
) -> None:
    log = log_of(folder, payloads)
    good = log.path.stat().st_size
    log.path.write_bytes(log.path.read_bytes() + rest)
    found = log.read()
    assert (found.torn, found.bad_line, found.good_bytes) == (True, None, good)
    log.cut(found.good_bytes)
    log.append("next")
    assert log.read().payloads == (*payloads, "next")


def test_a_line_holds_no_newline() -> None:
    with pytest.raises(ValueError, match="newline"):
        files.LineLog.encode("one\ntwo")


def atomic(path: Path) -> None:
    files.write_atomic(path, b"new" * 1000)


def exclusive(path: Path) -> None:
    files.create_exclusive(path, b"new" * 1000)


def test_an_exclusive_name_is_taken_once(tmp_path: Path) -> None:
    exclusive(tmp_path / "paper")
    with pytest.raises(FileExistsError):
        files.create_exclusive(tmp_path / "paper", b"other")
    assert (tmp_path / "paper").read_bytes() == b"new" * 1000
    assert [path.name for path in tmp_path.iterdir()] == ["paper"]


@pytest.mark.parametrize(("keep", "old"), [(atomic, None), (atomic, b"old"), (exclusive, None)])
def test_a_refusing_disk_leaves_the_old_content_or_the_new_one(
    tmp_path: Path, keep: Callable[[Path], None], old: bytes | None
) -> None:
    calls = Refusing(0, 0, for_ever=False)
    with calls.active():
        keep(prepared(tmp_path / "counted", old))
    for at, number, ever in itertools.product(range(1, calls.count + 1), ERRNOS, (False, True)):
        path = prepared(tmp_path / f"{at}-{number}-{ever}", old)
        with Refusing(at, number, for_ever=ever).active():
            try:
                keep(path)
                kept = True
            except StorageError:
                kept = False
        files.sweep(path.parents[1])
        left = [entry for entry in path.parents[1].rglob("*") if entry.is_file()]
        assert left in ([], [path])
        assert (path.read_bytes() if path.exists() else None) in (old, b"new" * 1000)
        assert path.exists() or not kept
        with contextlib.suppress(FileExistsError):
            keep(path)
        assert path.read_bytes() == b"new" * 1000
    assert calls.count >= 5


def prepared(home: Path, old: bytes | None) -> Path:
    """A path in a folder that is not there yet, or whose old content is."""
    home.mkdir()
    path = home / "deep" / "paper"
    if old is not None:
        path.parent.mkdir()
        path.write_bytes(old)
    return path


@pytest.mark.parametrize("ever", [False, True])
def test_a_refused_line_did_not_happen(tmp_path: Path, ever: bool) -> None:
    for at in range(1, 4):
        for number in ERRNOS:
            log = log_of(tmp_path, ["first"])
            with Refusing(at, number, for_ever=ever).active(), contextlib.suppress(StorageError):
                log.append("second")
            found = log.read()
            assert found.bad_line is None
            assert found.payloads in (("first",), ("first", "second"))
            if not ever:
                assert found.payloads == (("first",) if at <= 3 else ("first", "second"))
                assert not found.torn


def test_half_a_line_is_taken_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = log_of(tmp_path, ["first"])
    real, calls = os.write, []

    def write(handle: int, data: bytes) -> int:
        calls.append(1)
        if len(calls) > 1:
            raise OSError(errno.ENOSPC, "full")
        return real(handle, bytes(data)[:5])

    monkeypatch.setattr(os, "write", write)
    with pytest.raises(StorageError, match="No space left"):
        log.append("second")
    monkeypatch.undo()
    assert log.path.read_bytes() == log_bytes(["first"])


def test_what_is_no_refusal_stays_what_it_is(tmp_path: Path) -> None:
    with pytest.raises(BlockingIOError), files.storing(tmp_path):
        raise BlockingIOError(errno.EAGAIN, "not now")
    with pytest.raises(StorageError, match="absent: No such file"):
        files.LineLog(tmp_path / "absent").append("line")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real file system of 64 KiB, where this process may mount one."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(place)], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip(f"a small tmpfs cannot be mounted here: {mounted.stderr.decode().strip()}")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_full_disk_keeps_what_it_had(small_disk: Path) -> None:
    files.write_atomic(small_disk / "page", b"old")
    log = log_of(small_disk, ["first"])
    filling = small_disk / "filling"
    with contextlib.suppress(OSError), filling.open("wb") as stream:
        while True:
            stream.write(b"x" * 4096)
            stream.flush()
    with pytest.raises(StorageError, match="No space left"):
        files.write_atomic(small_disk / "page", b"n" * 20_000)
    with pytest.raises(StorageError, match="No space left"):
        files.create_exclusive(small_disk / "paper", b"n" * 20_000)
    with pytest.raises(StorageError, match="No space left"):
        log.append("y" * 20_000)
    assert (small_disk / "page").read_bytes() == b"old"
    assert sorted(path.name for path in small_disk.iterdir()) == ["filling", "log", "page"]
    assert log.read().payloads == ("first",)
    filling.unlink()
    log.append("second")
    assert log.read().payloads == ("first", "second")


def test_digests_of_bytes_and_files_agree(tmp_path: Path) -> None:
    (tmp_path / "big").write_bytes(b"a" * (3 << 20))
    assert files.digest_file(tmp_path / "big") == files.digest(b"a" * (3 << 20))


@pytest.mark.parametrize("place", ["/proc/none/x", "{file}/below", "{folder}", "{loop}", "x" * 300])
def test_a_place_that_cannot_be_is_named_with_another_next_step(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_text("a file")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "full").mkdir()
    (tmp_path / "loop").symlink_to("loop")
    named = {name: str(tmp_path / name) for name in ("file", "folder")}
    path = Path(place.format(**named, loop=tmp_path / "loop" / "below"))
    with pytest.raises(StorageError) as refused:
        files.write_atomic(path, b"data")
    assert ("name a shorter path" if place == "x" * 300 else "name another place") in str(refused.value.hint)


def test_a_log_or_a_digest_waits_for_no_pipe(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("file")
    (tmp_path / "file").write_bytes(b"")
    for name in ("pipe", "link"):
        log = files.LineLog(tmp_path / name)
        for act in (log.read, partial(log.append, "a"), partial(log.cut, 0)):
            with pytest.raises((OSError, StorageError)):
                act()
    with pytest.raises(files.NoPlainFile):
        files.digest_file(tmp_path / "pipe")
    assert (tmp_path / "file").read_bytes() == b""


def test_a_device_or_a_pipe_is_never_replaced_by_a_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for place in (tmp_path / "pipe", Path("/dev/full")):
        kind = place.lstat().st_mode
        with pytest.raises(StorageError):
            files.write_atomic(place, b"data")
        assert place.lstat().st_mode == kind


def test_only_plain_files_of_a_size_are_read(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"12345")
    assert files.read(path, at_most=5) == b"12345"
    os.mkfifo(tmp_path / "pipe")
    for place, most in ((path, 4), (tmp_path, 9), (tmp_path / "pipe", 9), (Path("/dev/zero"), 9)):
        with pytest.raises(files.NoPlainFile):
            files.read(place, at_most=most)


def test_a_new_folder_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    place = tmp_path / "above" / "data"
    with files.new_folder(place) as folder:
        (folder / "below").mkdir()
        (folder / "below" / "one").write_bytes(b"1")
        assert not place.exists()
    assert (place / "below" / "one").read_bytes() == b"1"
    (tmp_path / "empty").mkdir()
    with files.new_folder(tmp_path / "empty") as folder:
        (folder / "one").write_bytes(b"1")
    other = tmp_path / "other"

    def fail() -> None:
        with files.new_folder(other) as folder:
            (folder / "one").write_bytes(b"1")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["above", "empty"]
    assert [path.name for path in place.parent.iterdir()] == ["data"]


def test_a_new_folder_takes_the_place_of_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "link").symlink_to("nowhere")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine").write_bytes(b"kept")
    for name in ("file", "link", "full"):
        with pytest.raises(FolderTaken, match="is there, and is"), files.new_folder(tmp_path / name):
            raise AssertionError("nobody is asked to fill it")

    def overtaken() -> None:
        with files.new_folder(tmp_path / "late"):
            (tmp_path / "late").mkdir()
            (tmp_path / "late" / "mine").write_bytes(b"kept")

    with pytest.raises(FolderTaken):
        overtaken()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "full", "late", "link"]
    assert [path.name for path in (tmp_path / "late").iterdir()] == ["mine"]
    with pytest.raises(StorageError), files.new_folder(tmp_path / "file" / "below"):
        raise AssertionError("there is no place for it")
