"""Whatever a folder holds, every file of it ends in exactly one way, and every item of its lists as well."""

from __future__ import annotations

import itertools
import json
import os
import time
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import JsonValue

from sage_edge.legacy import import_folder
from sage_edge.legacy.import_folder import LegacyImport, plan
from tests.legacy.papers import plant, real, session, training

WORDS = st.text(max_size=12)
LEAVES = st.none() | st.booleans() | st.integers(-5, 1200) | WORDS
KEYS = st.sampled_from(
    (
        *("session", "conversation", "turns", "results", "tests", "exercises", "experiences", "metadata", "model"),
        *("identity", "development", "speaker", "text", "prompt", "response", "claude", "sage", "isolated"),
        *("scaffolded", "probe", "error", "session_count", "salience", "x"),
    )
)
VALUES = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=5))
FOLDERS = st.sampled_from(
    (
        *("", "sage/raising/sessions/text/", "latent_exploration/", "conversations/", "history/c7f9a963/"),
        *("history/0007/a/", "tracks/training/sessions/", "sage/instances/legion-tiny/sessions/", "experiments/"),
        "backups/",
    )
)
NAMES = st.sampled_from(
    (
        *("session_003.json", "T024.json", "L018.json", "autonomous_s018.json", "R14B_010.json", "identity.json"),
        *("state.json", "state.json.bak", "notes.txt", "rows.jsonl", "weights.bin", "x.json"),
    )
)
CONTENTS = VALUES | st.binary(max_size=40) | st.builds(session) | st.builds(training)
FILES = st.dictionaries(st.tuples(FOLDERS, NAMES).map("".join), CONTENTS, max_size=8)
_ROUND = itertools.count()


def one_end_each(made: LegacyImport, files: set[str]) -> None:
    """Check the account of an import over some files."""
    report = made.report
    assert Counter(row.source for row in report.files) == Counter(files)
    for row in report.files:
        assert row.outcome in import_folder.OUTCOMES
        assert (row.outcome == "imported") == bool(row.papers)
        assert (row.reason is None) == (row.outcome == "imported")
        assert row.found == row.kept + row.doubled + len(row.refused)
    papers = [paper.paper for row in report.files for paper in row.papers]
    assert sorted(set(papers)) == sorted(made.papers)
    assert sum(report.count(outcome) for outcome in import_folder.OUTCOMES) == len(files)
    known = {row.source for row in report.files}
    for history in report.histories:
        places = {version.source for version in history.unreadable} | {*history.unplaced}
        places |= {place for change in history.changes for place in (change.earlier, change.later)}
        assert places <= known
    assert {defect.source for defect in report.defects} <= known


@given(files=FILES)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=25)
def test_every_file_ends_in_exactly_one_way(files: dict[str, JsonValue | bytes], tmp_path: Path) -> None:
    folder = tmp_path / str(next(_ROUND))
    folder.mkdir()
    plant(folder, files)
    made = plan(folder)
    one_end_each(made, set(files))
    assert import_folder.write(made, tmp_path / f"{folder.name}-out") == len(made.papers) + 1


@pytest.mark.slow
@given(files=FILES)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=500)
def test_every_file_of_many_folders_does(files: dict[str, JsonValue | bytes], tmp_path: Path) -> None:
    folder = tmp_path / str(next(_ROUND))
    folder.mkdir()
    one_end_each(plan(plant(folder, files)), set(files))


def test_the_predecessors_files_do() -> None:
    folder = real("sage").parent
    made = plan(folder)
    one_end_each(made, {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()})


def arm_of(number: int) -> dict[str, JsonValue]:
    return {f"arm{number}": {"response": "B."}, f"around{number}": "C"}


HOSTILE: dict[str, JsonValue] = {
    "arms": {"results": [{"prompt": "A?", **{k: v for n in range(2_000) for k, v in arm_of(n).items()}}] * 4},
    "battery": {
        "tests": [{"prompt": "A?", "isolated": "B.", "scaffolded": "C."}] * 900,
        "t": [{"q": "A", "a": "B"}] * 900,
    },
    "containers": {str(number): {"turns": [{"prompt": "A?", "response": "B."}]} for number in range(300)},
    "beside": {"turns": [{"prompt": "A", "response": "B"}], **{f"k{n}": [{"q": "A", "a": "B"}] for n in range(2_000)}},
    "counters": {f"session_{number}": number for number in range(20_000)},
}


@pytest.mark.slow  # a second on a quiet machine
@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_file_stays_bounded(kind: str, tmp_path: Path) -> None:
    content = json.dumps(HOSTILE[kind]).encode()
    files: dict[str, JsonValue | bytes] = {f"history/{number}/x/state.json": content for number in range(2)}
    started = time.process_time()
    made = plan(plant(tmp_path, files))
    assert time.process_time() - started < 4
    one_end_each(made, set(files))
    assert sum(len(paper.pretty()) for paper in made.papers.values()) < 60 * len(content)


def test_a_link_and_a_pipe_end_in_one_way_too(tmp_path: Path) -> None:
    plant(tmp_path / "in", {"sessions/session_001.json": session(1)})
    (tmp_path / "in" / "state.json").symlink_to("sessions/session_001.json")
    os.mkfifo(tmp_path / "in" / "identity.json")
    outcomes = {row.source: row.outcome for row in plan(tmp_path / "in").report.files}
    assert outcomes == {
        "sessions/session_001.json": "imported",
        "state.json": "refused",
        "identity.json": "refused",
    }
