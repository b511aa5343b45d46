"""After any changes of a folder a kept cache says what a new one says; a new session costs its own time only."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from sage_edge.analysis.corpus import folder as folders
from sage_edge.analysis.corpus import measured_papers, refresh
from sage_edge.analysis.corpus.file_index import PaperFile
from sage_edge.analysis.corpus.scoring import Scoring, Task
from sage_edge.records.transcript import Transcript
from sage_edge.scorers import EARLIER_IDENTITY
from sage_edge.scorers.base import Scorer
from tests import corpora
from tests.analysis.corpus.counting import LOOKING_BACK, SCORERS, look
from tests.builders import transcript

NUMBERS = st.integers(1, 6)
WORDS = st.integers(0, 2)
PLACES = st.sampled_from(("000/{}.json", "000/{}-again.json", "001/{}.json"))


def paper(number: int, word: int) -> Transcript:
    return transcript(f"P{number:03d}", replies=[f"I am word {word}.", "Yes."])


class Folder(RuleBasedStateMachine):
    """Papers come, change, move and go; numbers are claimed twice; a run is cut off."""

    base: ClassVar[Path]

    def __init__(self) -> None:
        super().__init__()
        self.root = Path(tempfile.mkdtemp(dir=self.base))
        self.cache = self.root / "cache.sqlite"
        self.ticks = 0

    def put(self, place: str, data: bytes) -> None:
        path = self.root / "sessions/primary" / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        self.ticks += 1
        os.utime(path, ns=(0, 10**18 + self.ticks))

    @rule(number=NUMBERS, word=WORDS, place=PLACES)
    def keep(self, number: int, word: int, place: str) -> None:
        self.put(place.format(f"P{number:03d}"), paper(number, word).pretty())

    @rule(number=NUMBERS, place=PLACES)
    def spoil(self, number: int, place: str) -> None:
        self.put(place.format(f"P{number:03d}"), paper(number, 0).pretty()[:-9])

    @rule(number=NUMBERS, place=PLACES)
    def remove(self, number: int, place: str) -> None:
        (self.root / "sessions/primary" / place.format(f"P{number:03d}")).unlink(missing_ok=True)

    @rule()
    def remove_a_shard(self) -> None:
        shutil.rmtree(self.root / "sessions/primary/001", ignore_errors=True)

    @rule(jobs=st.integers(0, 2), only=st.booleans())
    def cut_off(self, jobs: int, only: bool) -> None:
        left = iter(range(jobs))

        def stop(done: int, of: int) -> None:
            if next(left, None) is None:
                raise KeyboardInterrupt

        with contextlib.suppress(KeyboardInterrupt):
            look(self.root, self.cache, SCORERS[:1] if only else SCORERS, progress=stop)

    @rule()
    def look_with_one_scorer(self) -> None:
        assert look(self.root, self.cache, (EARLIER_IDENTITY,)) == look(self.root, None, (EARLIER_IDENTITY,))

    @rule()
    def look_with_all(self) -> None:
        told: list[str] = []
        assert look(self.root, self.cache, log=told.append) == look(self.root)
        assert told == []

    @invariant()
    def is_never_wrong(self) -> None:
        if self.ticks % 3 == 2:
            self.look_with_all()


def test_a_kept_cache_says_what_a_new_one_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refresh, "PER_BATCH", 2)
    monkeypatch.setattr(measured_papers, "PER_BATCH", 2)
    monkeypatch.setattr(Folder, "base", tmp_path, raising=False)
    run_state_machine_as_test(Folder, settings=settings(max_examples=20, stateful_step_count=12, deadline=None))


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that are measured by any scorer, in order."""
    names: list[str] = []
    kept = Scoring._task

    def watched(self: Scoring, paper: PaperFile, *more: Any) -> Task | None:
        task = kept(self, paper, *more)
        names.extend([paper.entry.name] if task else [])
        return task

    monkeypatch.setattr(Scoring, "_task", watched)
    return names


def test_a_new_session_costs_its_own_time_only(tmp_path: Path, measured: list[str]) -> None:
    folder, cache = tmp_path / "papers", tmp_path / "cache.sqlite"
    corpora.write_all(folder, 12)
    look(folder, cache)
    assert len(measured) == 12
    look(folder, cache)
    assert len(measured) == 12
    corpora.write(folder, corpora.session("primary", 9))
    look(folder, cache)
    assert measured[12:] == ["P009.json"]


def test_a_session_from_before_is_settled_with_those_that_look_back_at_it(tmp_path: Path, measured: list[str]) -> None:
    folder, cache = tmp_path / "papers", tmp_path / "cache.sqlite"
    for number in (1, 3, 4, 5, 6):
        corpora.write(folder, corpora.session("primary", number))
    look(folder, cache)
    del measured[:]
    corpora.write(folder, corpora.session("primary", 2))
    late = look(folder, cache)
    assert measured == ["P002.json", "P003.json", "P004.json"]  # two sessions look back at it
    assert late == look(folder)


def test_other_rules_measure_anew_and_only_by_that_scorer(tmp_path: Path, measured: list[str]) -> None:
    folder, cache = tmp_path / "papers", tmp_path / "cache.sqlite"
    corpora.write_all(folder, 6)
    look(folder, cache)
    del measured[:]
    changed: tuple[Scorer, ...] = (
        dataclasses.replace(LOOKING_BACK, rules='{"other":1}'),
        dataclasses.replace(EARLIER_IDENTITY, version=2),
    )
    assert look(folder, cache, changed) == look(folder, None, changed)
    assert len(measured) == 6 + 6
    del measured[:]
    look(folder, cache)  # the rules of before are remembered
    assert measured == []


def test_a_scorer_that_was_away_measures_what_came_meanwhile(tmp_path: Path, measured: list[str]) -> None:
    folder, cache = tmp_path / "papers", tmp_path / "cache.sqlite"
    corpora.write_all(folder, 6)
    look(folder, cache)
    corpora.write(folder, corpora.session("primary", 5))
    look(folder, cache, (EARLIER_IDENTITY,))
    del measured[:]
    told: list[str] = []
    assert look(folder, cache, log=told.append) == look(folder)
    assert (measured[0], told) == ("P005.json", [])


def test_a_large_folder_is_asked_in_turns_and_every_change_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folders, "LOOK", 4)
    monkeypatch.setattr(folders, "_UNSETTLED_NS", 0)
    folder, cache = tmp_path / "papers", tmp_path / "cache.sqlite"
    for shard in range(6):
        for number in (1, 2):
            corpora.write(folder, corpora.session("primary", 100 * shard + number))
    look(folder, cache)
    path = folder / "sessions/primary/003/P301.json"
    with path.open("r+b") as file:  # in its place, so that its folder does not change
        file.write(b"{}")
    corpora.write(folder, corpora.session("primary", 103))
    refused = [len(look(folder, cache)["refused"]) for _ in range(4)]
    assert refused[0] in (0, 1)
    assert refused[-1] == 1
    assert {point.number for one in look(folder, cache)["series"] for point in one.points} >= {103}


def test_a_session_after_one_that_was_changed_in_its_place_is_measured_rightly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folders, "LOOK", 1)
    monkeypatch.setattr(folders, "_UNSETTLED_NS", 0)
    folder, cache = tmp_path / "papers", tmp_path / "cache.sqlite"
    for number in (1, 99, 201):
        corpora.write(folder, corpora.session("primary", number))
    look(folder, cache)
    changed = folder / "sessions/primary/000/P099.json"
    with changed.open("r+b") as file:  # not noticed at once, for its folder does not change
        file.write(corpora.session("primary", 99, seed=2).pretty())
        file.truncate()
    corpora.write(folder, corpora.session("primary", 202))
    corpora.write(folder, corpora.session("primary", 101))  # looks back at P099
    for _ in range(4):
        found = look(folder, cache)
    assert found == look(folder)


def test_the_order_of_a_refresh_is_kept_as_it_is_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refresh, "PER_BATCH", 2)
    monkeypatch.setattr(measured_papers, "PER_BATCH", 2)
    folder, cache = tmp_path / "papers", tmp_path / "cache.sqlite"
    corpora.write_all(folder, 8)
    heard: list[int] = []

    def stop(done: int, of: int) -> None:
        heard.append(done)
        if done == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        look(folder, cache, progress=stop)
    assert look(folder, cache, progress=lambda done, of: heard.append(of)) == look(folder)
    assert heard[:3] == [2, 4, 4]  # the second run had 4 files to do
