"""A cache is never believed when it is damaged, survives kill -9 at any time, and may be missing altogether."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sage_edge import locks
from sage_edge.analysis.corpus import Corpus, Folder, packing
from sage_edge.analysis.corpus import cache as caches
from sage_edge.analysis.corpus.packing import Damaged, opened, packed, sealed, unpacked
from sage_edge.errors import Locked
from sage_edge.scorers import Mark
from tests import corpora
from tests.analysis.corpus.counting import SCORERS, look, seen

ROOT = Path(__file__).parents[3]
COUNT = 30


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("papers")
    corpora.write_all(place, COUNT)
    (place / "sessions/primary/000/P900.json").write_bytes(b"{")
    return place


@pytest.fixture(scope="module")
def right(folder: Path) -> dict[str, Any]:
    return look(folder)


@pytest.fixture(scope="module")
def whole(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("cache") / "cache.sqlite"
    look(folder, path)
    assert not Path(f"{path}-wal").exists()
    return path.read_bytes()


@pytest.fixture
def told() -> list[str]:
    return []


def test_a_whole_cache_is_used_without_a_word(
    folder: Path, right: object, whole: bytes, tmp_path: Path, told: list[str]
) -> None:
    cache = tmp_path / "cache.sqlite"
    cache.write_bytes(whole)
    done: list[int] = []
    assert look(folder, cache, tell=told.append, progress=lambda now, of: done.append(now)) == right
    assert (done, told) == ([], [])


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "nothing": lambda data: b"",
    "no database": lambda data: b"something else altogether, and quite a bit of it" * 100,
    "cut in the header": lambda data: data[:50],
    "cut in the middle": lambda data: data[: len(data) // 2],
    "last page lost": lambda data: data[:-4096],
    "a page of zeros": lambda data: data[:8192] + bytes(4096) + data[12288:],
    "another format": lambda data: data[:60] + (99).to_bytes(4, "big") + data[64:],
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_cache_is_thrown_away_with_one_line(
    damage: str, folder: Path, right: object, whole: bytes, tmp_path: Path, told: list[str]
) -> None:
    cache = tmp_path / "cache.sqlite"
    cache.write_bytes(DAMAGES[damage](whole))
    assert look(folder, cache, tell=told.append) == right
    assert told == ([] if damage == "nothing" else [f"the cache {cache} is damaged; it is thrown away and made anew"])
    del told[:]
    assert look(folder, cache, tell=told.append) == right
    assert told == []


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_whatever_is_overwritten_no_wrong_number_comes_of_it(
    folder: Path, right: object, whole: bytes, tmp_path: Path, data: st.DataObject
) -> None:
    cache = tmp_path / "cache.sqlite"
    caches.throw_away(cache)
    at = data.draw(st.integers(100, len(whole) - 1))
    piece = data.draw(st.binary(min_size=1, max_size=40))
    cache.write_bytes((whole[:at] + piece + whole[at + len(piece) :])[: len(whole)])
    assert look(folder, cache) == right


def test_a_value_that_was_changed_inside_is_found_out(
    folder: Path, right: object, whole: bytes, tmp_path: Path, told: list[str]
) -> None:
    cache = tmp_path / "cache.sqlite"
    for change in (
        "UPDATE scores SET marks = (SELECT marks FROM scores AS other WHERE other.paper != scores.paper LIMIT 1)",
        "UPDATE scores SET context = x'00'",
        "DELETE FROM scores WHERE paper = 3",
        "UPDATE papers SET number = number + 1",
        "UPDATE papers SET answers = x''",
        "UPDATE places SET paper = 99999 WHERE paper = 2",
        "UPDATE places SET paper = 3 WHERE paper = 2",
        "UPDATE places SET reason = 'another' WHERE reason IS NOT NULL",
    ):
        caches.throw_away(cache)
        cache.write_bytes(whole)
        with sqlite3.connect(cache) as db:
            db.execute(change)
        db.close()
        assert look(folder, cache, tell=told.append) == right, change


def test_where_nothing_can_be_kept_one_line_says_so(
    folder: Path, right: object, tmp_path: Path, told: list[str]
) -> None:
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "folder.sqlite").mkdir()
    for cache in (tmp_path / "file" / "cache.sqlite", tmp_path / "folder.sqlite"):
        del told[:]
        assert look(folder, cache, tell=told.append) == right
        assert len(told) == 1
        assert told[0].startswith("nothing is kept for the next time: ")


def test_a_full_disk_while_it_is_written_loses_the_cache_only(
    folder: Path, right: object, tmp_path: Path, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: caches.Cache, *words: object) -> None:
        if self.path is not None:
            raise sqlite3.OperationalError("database or disk is full")
        kept(self, *words)  # type: ignore[arg-type]

    kept = caches.Cache.keep_places
    monkeypatch.setattr(caches.Cache, "keep_places", full)
    cache = tmp_path / "cache.sqlite"
    assert look(folder, cache, tell=told.append) == right
    assert told == [f"nothing is kept for the next time: {cache}: database or disk is full"]


VICTIM = """
import os, signal, sys
from pathlib import Path
from sage_edge.analysis.corpus import scoring
scoring.PER_JOB = 4
from tests.analysis.corpus.counting import look
batches = int(sys.argv[3])
def stop(done, of):
    global batches
    batches -= 1
    if batches == 0:
        os.kill(os.getpid(), signal.SIGKILL)
look(Path(sys.argv[1]), Path(sys.argv[2]), progress=stop)
"""


def victim(folder: Path, cache: Path, batches: int) -> subprocess.Popen[bytes]:
    words = [sys.executable, "-c", VICTIM, str(folder), str(cache), str(batches)]
    return subprocess.Popen(words, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)})


@pytest.mark.parametrize("batches", [1, 4, 7])
def test_a_killed_run_is_continued(batches: int, folder: Path, right: object, tmp_path: Path, told: list[str]) -> None:
    cache = tmp_path / "cache.sqlite"
    assert victim(folder, cache, batches).wait(60) == -signal.SIGKILL
    heard: list[tuple[int, int]] = []
    assert look(folder, cache, tell=told.append, progress=lambda done, of: heard.append((done, of))) == right
    assert told == []
    assert heard[0][1] == COUNT + 1 - 4 * batches


def test_two_at_the_same_time_agree(folder: Path, right: object, tmp_path: Path, told: list[str]) -> None:
    cache = tmp_path / "cache.sqlite"
    others = [victim(folder, cache, 1000) for _ in range(2)]
    assert look(folder, cache, tell=told.append) == right
    assert [other.wait(60) for other in others] == [0, 0]
    assert look(folder, cache, tell=told.append) == right
    assert told == []


@pytest.fixture
def copy(folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(folder, tmp_path / "copy"))


def test_who_has_opened_a_corpus_sees_it_as_it_was(copy: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache.sqlite"
    before = look(copy)
    with Corpus.open(Folder.at(copy), cache) as corpus:
        first = corpus.series("identity", 1, "rate", "primary")
        corpora.write(copy, corpora.session("primary", 99))
        assert len(look(copy, cache)["dialogues"]) == COUNT + 1
        assert corpus.series("identity", 1, "rate", "primary") == first
        assert corpus.dialogues == before["dialogues"]


def test_a_damage_that_shows_late_is_mended_while_it_is_read(
    folder: Path, whole: bytes, tmp_path: Path, told: list[str]
) -> None:
    cache = tmp_path / "cache.sqlite"
    cache.write_bytes(whole)
    with sqlite3.connect(cache) as db:
        db.execute("UPDATE scores SET marks = x'0011'")
    db.close()
    with Corpus.open(Folder.at(folder), cache, scorers=SCORERS, tell=told.append) as corpus:
        assert told == []
        assert seen(corpus) == look(folder)
        assert len(told) == 1


def test_a_cache_in_use_is_waited_for_and_then_named(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(caches, "_PATIENCE_S", 0.0)
    cache = tmp_path / "cache.sqlite"
    with locks.hold(cache.with_suffix(".lock"), "a test"), pytest.raises(Locked, match=r"the cache .* is in use"):
        look(folder, cache)


MARKS = st.lists(st.builds(Mark, st.integers(0, 32767), st.floats(0, 1)), max_size=5)


@given(first=MARKS, second=MARKS)
def test_marks_come_back_as_they_were(first: list[Mark], second: list[Mark]) -> None:
    marks = {"a": first, "b": second, "c": second, "d": [Mark(turn, float(value > 0.5)) for turn, value in first]}
    kept = sealed(packed(marks, {"a": "mean", "b": "whole", "c": "mean", "d": "rate", "e": "rate"}), b"a session", b"1")
    payload = opened(kept, b"a session", b"1")
    assert [unpacked(payload, place, 5) for place in range(5)] == [*map(tuple, marks.values()), ()]
    with pytest.raises(Damaged):
        opened(kept, b"another session", b"1")


@given(at=st.integers(0, 20), flip=st.integers(1, 255))
def test_a_changed_byte_is_found_out(at: int, flip: int) -> None:
    kept = bytearray(sealed(packing.packed({"a": [Mark(1, 0.5), Mark(2, 1.0)]}, {"a": "mean"}), b"x"))
    kept[at] ^= flip
    with pytest.raises(Damaged):
        opened(bytes(kept), b"x")
