"""A half file and its journal: whatever was done to either, only good bytes are believed."""

from __future__ import annotations

import contextlib
import os
import random
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sage_edge.models.download import partial, ranges
from sage_edge.models.download.partial import Partial
from sage_edge.models.download.ranges import RemoteFile, Transfer
from sage_edge.models.errors import ModelWorkInterrupted
from tests.kill.power import Recorder, states
from tests.models.fetch_place import Shelf, flip

CHUNK = 64
CONTENT = random.Random(1).randbytes(10 * CHUNK + 17)
FILE = RemoteFile("model.gguf", len(CONTENT), None, "0" * 40)


@pytest.fixture(scope="module", autouse=True)
def small_chunks() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(partial, "CHUNK", CHUNK)
        patch.setattr(partial, "BATCH", 2 * CHUNK)
        yield


def finish(folder: Path, shelf: Shelf) -> bytes:
    """Fetch what is missing and return the file."""
    part = Partial(folder, "key", len(CONTENT))
    with part.opened():
        ranges.complete(part, FILE, Transfer(shelf, stop=shelf.stop))
    assert part.gap() is None
    return part.path.read_bytes()


def begin(folder: Path, stop_after: int) -> None:
    """Fetch a part of it."""
    with pytest.raises(ModelWorkInterrupted):
        finish(folder, Shelf(CONTENT, stop_after=stop_after))


def test_the_journal_is_as_drawn(tmp_path: Path) -> None:
    begin(tmp_path, 5 * CHUNK)
    lines = [line[9:] for line in (tmp_path / "key.chunks").read_text().splitlines()]
    assert lines[0] == f'{{"format": 1, "size": {len(CONTENT)}, "chunk": {CHUNK}}}'
    assert [[word.split(":")[0] for word in line.split()] for line in lines[1:]] == [["0", "1"], ["2", "3"], ["4"]]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["key.chunks", "key.part"]


def test_it_goes_on_at_the_last_whole_chunk(tmp_path: Path) -> None:
    begin(tmp_path, 5 * CHUNK + 30)
    shelf = Shelf(CONTENT)
    assert finish(tmp_path, shelf) == CONTENT
    assert shelf.asked == [(5 * CHUNK, len(CONTENT))]


def test_what_was_checked_is_told(tmp_path: Path) -> None:
    begin(tmp_path, 5 * CHUNK)
    told: list[int] = []
    with Partial(tmp_path, "key", len(CONTENT)).opened(told.append):
        pass
    assert told == [CHUNK * n for n in (1, 2, 3, 4, 5)]


@pytest.mark.parametrize("number", range(5))
def test_only_a_spoiled_chunk_is_a_gap(tmp_path: Path, number: int) -> None:
    begin(tmp_path, 5 * CHUNK)
    flip(tmp_path / "key.part", number * CHUNK + 13)
    shelf = Shelf(CONTENT)
    assert finish(tmp_path, shelf) == CONTENT
    first = (number * CHUNK, (number + 1) * CHUNK) if number < 4 else (4 * CHUNK, len(CONTENT))
    assert shelf.asked[0] == first
    assert shelf.given == len(CONTENT) - 4 * CHUNK
    assert finish(tmp_path, again := Shelf(CONTENT)) == CONTENT
    assert again.asked == []


def test_every_flipped_bit_is_found(tmp_path: Path) -> None:
    assert finish(tmp_path, Shelf(CONTENT)) == CONTENT
    for bit in range(0, 8 * len(CONTENT), 41):
        flip(tmp_path / "key.part", bit // 8, 1 << bit % 8)
        part = Partial(tmp_path, "key", len(CONTENT))
        with part.opened():
            assert part.gap() is not None
            assert part.gap()[0] == bit // 8 // CHUNK * CHUNK  # type: ignore[index]
        flip(tmp_path / "key.part", bit // 8, 1 << bit % 8)


def test_a_part_that_is_too_long_is_cut(tmp_path: Path) -> None:
    begin(tmp_path, 5 * CHUNK)
    with (tmp_path / "key.part").open("ab") as stream:
        stream.write(bytes(100 * CHUNK))
    shelf = Shelf(CONTENT)
    assert finish(tmp_path, shelf) == CONTENT
    assert shelf.given == len(CONTENT) - 5 * CHUNK


def test_a_journal_of_another_size_or_format_counts_for_nothing(tmp_path: Path) -> None:
    begin(tmp_path, 5 * CHUNK)
    with Partial(tmp_path, "key", len(CONTENT) + 1).opened():
        pass
    shelf = Shelf(CONTENT)
    assert finish(tmp_path, shelf) == CONTENT
    assert shelf.given == len(CONTENT)


def test_a_part_without_its_journal_counts_for_nothing(tmp_path: Path) -> None:
    (tmp_path / "key.part").write_bytes(CONTENT)
    shelf = Shelf(CONTENT)
    assert finish(tmp_path, shelf) == CONTENT
    assert shelf.given == len(CONTENT)


def test_a_journal_without_its_part_counts_for_nothing(tmp_path: Path) -> None:
    begin(tmp_path, 5 * CHUNK)
    (tmp_path / "key.part").unlink()
    shelf = Shelf(CONTENT)
    assert finish(tmp_path, shelf) == CONTENT
    assert shelf.given == len(CONTENT)


def test_an_empty_file_is_whole_at_once(tmp_path: Path) -> None:
    part = Partial(tmp_path, "key", 0)
    with part.opened():
        assert part.gap() is None
    assert part.path.read_bytes() == b""


def test_a_part_that_is_a_symlink_is_not_written_through(tmp_path: Path) -> None:
    (tmp_path / "victim").write_bytes(b"precious")
    (tmp_path / "victim").chmod(0o400)
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "key.part").symlink_to(tmp_path / "victim")
    assert finish(tmp_path / "store", Shelf(CONTENT)) == CONTENT
    assert (tmp_path / "victim").read_bytes() == b"precious"
    assert (tmp_path / "victim").stat().st_mode & 0o777 == 0o400


def test_a_part_that_was_made_read_only_is_gone_on_with(tmp_path: Path) -> None:
    begin(tmp_path, 5 * CHUNK)
    (tmp_path / "key.part").chmod(0o444)
    assert finish(tmp_path, Shelf(CONTENT)) == CONTENT


def test_bytes_that_do_not_follow_are_our_own_mistake(tmp_path: Path) -> None:
    part = Partial(tmp_path, "key", len(CONTENT))
    with part.opened(), pytest.raises(ValueError, match="is not the start of a chunk"):
        part.write(3, b"x")


@settings(max_examples=25)
@given(
    stops=st.lists(st.integers(1, len(CONTENT)), max_size=4),
    piece=st.integers(1, 3 * CHUNK),
    flips=st.lists(st.integers(0, len(CONTENT) - 1), max_size=4),
    cut=st.one_of(st.none(), st.integers(0, len(CONTENT))),
)
def test_after_any_stops_flips_and_cuts_the_file_is_whole(
    stops: list[int], piece: int, flips: list[int], cut: int | None
) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for stop in stops:
            with contextlib.suppress(ModelWorkInterrupted):
                finish(folder, Shelf(CONTENT, piece, stop_after=stop))
        part = folder / "key.part"
        if part.exists() and cut is not None:
            os.truncate(part, min(cut, part.stat().st_size))
        for at in flips:
            if part.exists() and at < part.stat().st_size:
                flip(part, at)
        assert finish(folder, Shelf(CONTENT, piece)) == CONTENT


@settings(max_examples=25)
@given(journal=st.binary(max_size=400), keep=st.integers(0, 400), content=st.binary(max_size=800))
def test_whatever_stands_in_the_journal_the_file_becomes_whole(journal: bytes, keep: int, content: bytes) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        begin(folder, 5 * CHUNK)
        written = (folder / "key.chunks").read_bytes()
        (folder / "key.chunks").write_bytes(written[:keep] + journal)
        (folder / "key.part").write_bytes(content)
        assert finish(folder, Shelf(CONTENT)) == CONTENT


def test_a_power_cut_takes_no_more_than_the_last_batch(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    disk = Recorder(tmp_path / "disk")
    part = Partial(disk.root, "key", len(CONTENT))
    with disk.recording(), part.opened():
        with Shelf(CONTENT).open(FILE, 0, len(CONTENT)) as answer:
            at = 0
            for piece in answer.pieces:
                part.write(at, piece)
                at += len(piece)
                disk.ack(str(at))
        part.sync()
    for left, acks in states(disk.events, tmp_path, 2, seed=5):
        received = max(map(int, acks), default=0)
        shelf = Shelf(CONTENT)
        assert finish(left, shelf) == CONTENT
        assert received + shelf.given - len(CONTENT) <= 2 * CHUNK + 50
