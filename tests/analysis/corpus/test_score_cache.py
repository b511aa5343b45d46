"""A cache is never believed when it is damaged, survives kill -9 at any time, and may be missing altogether."""

from __future__ import annotations

import dataclasses
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sage_edge import locks
from sage_edge.analysis.corpus import Corpus, Folder
from sage_edge.analysis.corpus import score_cache as caches
from sage_edge.analysis.corpus.score_cache import CachedRow, Damaged
from sage_edge.analysis.corpus.scoring import marks_from, marks_json
from sage_edge.errors import Locked
from sage_edge.records import dialogue
from sage_edge.scorers import Mark
from tests import corpora
from tests.analysis.corpus.counting import LOOKING_BACK, SCORERS, look, seen
from tests.builders import transcript

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
    assert look(folder, cache, log=told.append, progress=lambda now, of: done.append(now)) == right
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
    assert look(folder, cache, log=told.append) == right
    why = "of another format" if damage == "another format" else "damaged"
    assert told == ([] if damage == "nothing" else [f"the cache {cache} is {why}; it is thrown away and made anew"])
    del told[:]
    assert look(folder, cache, log=told.append) == right
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
        "UPDATE kept SET content = (SELECT max(content) FROM kept AS o WHERE o.rule = kept.rule) WHERE seal != ''",
        "UPDATE kept SET context = '00' WHERE context != '' AND seal != ''",
        "DELETE FROM kept WHERE rule NOT IN ('header', 'answers', 'listing')",
        "DELETE FROM kept WHERE rule = 'header'",
        "UPDATE kept SET content = replace(content, '\"number\":', '\"number\":1') WHERE rule = 'header'",
        "UPDATE kept SET content = '[]' WHERE rule = 'answers'",
        "UPDATE kept SET content = replace(content, 'primary', 'training') WHERE rule = 'listing'",
        "UPDATE kept SET content = replace(content, 'sha256:0', 'sha256:1') WHERE rule = 'files'",
        "DELETE FROM kept WHERE rule = 'listing'",
        "DELETE FROM kept WHERE rule = 'files'",
        "UPDATE kept SET content = x'00' WHERE rule = 'listing'",
        "UPDATE kept SET checksum = 'text'",
    ):
        caches.throw_away(cache)
        cache.write_bytes(whole)
        with sqlite3.connect(cache) as db:
            db.execute(change)
        db.close()
        assert look(folder, cache, log=told.append) == right, change


def test_where_nothing_can_be_kept_one_line_says_so(
    folder: Path, right: object, tmp_path: Path, told: list[str]
) -> None:
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "folder.sqlite").mkdir()
    for cache in (tmp_path / "file" / "cache.sqlite", tmp_path / "folder.sqlite"):
        del told[:]
        assert look(folder, cache, log=told.append) == right
        assert len(told) == 1
        assert told[0].startswith("nothing is kept for the next time: ")


def test_a_full_disk_while_it_is_written_loses_the_cache_only(
    folder: Path, right: object, tmp_path: Path, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: caches.ScoreCache, rows: Iterable[CachedRow]) -> None:
        if self.path is not None:
            raise sqlite3.OperationalError("database or disk is full")
        kept(self, rows)

    kept = caches.ScoreCache.put
    monkeypatch.setattr(caches.ScoreCache, "put", full)
    cache = tmp_path / "cache.sqlite"
    assert look(folder, cache, log=told.append) == right
    assert told == [f"nothing is kept for the next time: {cache}: database or disk is full"]


VICTIM = """
import os, signal, sys
from pathlib import Path
from sage_edge.analysis.corpus import refresh
refresh.PER_BATCH = 4
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
    assert look(folder, cache, log=told.append, progress=lambda done, of: heard.append((done, of))) == right
    assert told == []
    assert heard[0][1] == COUNT + 1 - 4 * batches


def test_two_at_the_same_time_agree(folder: Path, right: object, tmp_path: Path, told: list[str]) -> None:
    cache = tmp_path / "cache.sqlite"
    others = [victim(folder, cache, 1000) for _ in range(2)]
    assert look(folder, cache, log=told.append) == right
    assert [other.wait(60) for other in others] == [0, 0]
    assert look(folder, cache, log=told.append) == right
    assert told == []


@pytest.fixture
def copy(folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(folder, tmp_path / "copy"))


def test_who_has_opened_a_corpus_sees_it_as_it_was(copy: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache.sqlite"
    before = look(copy)
    with Corpus.open(Folder.at(copy), cache, scorers=SCORERS) as corpus:
        rival = corpora.session("primary", 9, seed=2)  # so nobody looks back at P009 any more
        (copy / "sessions/primary/000/P009-again.json").write_bytes(rival.pretty())
        after = look(copy, cache)
        assert after == look(copy) != before
        assert seen(corpus) == before
    assert look(copy, cache) == after


def test_a_damage_that_shows_late_is_mended_while_it_is_read(
    folder: Path, whole: bytes, tmp_path: Path, told: list[str]
) -> None:
    cache = tmp_path / "cache.sqlite"
    cache.write_bytes(whole)
    with sqlite3.connect(cache) as db:
        db.execute("UPDATE kept SET content = '{}' WHERE rule LIKE 'sha256:%'")
    db.close()
    with Corpus.open(Folder.at(folder), cache, scorers=SCORERS, log=told.append) as corpus:
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


MARKS = st.lists(st.builds(Mark, st.integers(0, 99), st.floats(0, 1)), max_size=5)


@given(first=MARKS, second=MARKS)
def test_marks_come_back_as_they_were(first: list[Mark], second: list[Mark]) -> None:
    marks = {"before": first, "words": second}
    scorer = dataclasses.replace(LOOKING_BACK, score=lambda session, earlier: marks)
    kept = marks_json(scorer, dialogue.of(transcript()), ())
    assert marks_from(kept) == {"before": tuple(first), "words": tuple(second)}


ROW = CachedRow("sha256:00", "header", "a context", '{"a": [[1, 0.5]]}')


@pytest.mark.parametrize("column", ["seal", "rule", "context", "content"])
def test_a_row_that_was_changed_or_mixed_up_is_found_out(column: str) -> None:
    cache = caches.ScoreCache(None)
    cache.put([ROW])
    assert cache.get(*ROW[:3]) == ROW.content
    cache.db.execute(f"UPDATE kept SET {column} = 'another'")  # noqa: S608 - our own words
    asked = ROW._replace(**{column: "another"})
    with pytest.raises(Damaged):
        cache.get(*asked[:3])
