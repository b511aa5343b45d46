"""The predecessor's own files, development split: the totals and the quirks of legacy §4 (skipped where absent)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import cache

import pytest

from sage_edge import clock
from sage_edge.legacy.import_folder import LegacyImport, plan
from sage_edge.legacy.report import FileRow
from sage_edge.records import legacy
from sage_edge.records.dialogue import Dialogue
from sage_edge.records.legacy import LegacyTranscript, chain_faults
from tests.legacy.papers import REAL, TEXT, TRAINING, real


@cache
def _plan() -> LegacyImport:
    return plan(REAL)


@pytest.fixture
def made() -> LegacyImport:
    """The import of everything."""
    real(TEXT)
    return _plan()


def rows(made: LegacyImport, folder: str) -> list[FileRow]:
    return [row for row in made.report.files if row.source.startswith(f"{folder}/")]


def by_source(made: LegacyImport) -> Mapping[str, LegacyTranscript]:
    return {paper.head.source: paper for paper in made.papers.values() if paper.head.place is None}


def total(found: Iterable[FileRow], field: str) -> int:
    return sum(getattr(paper, field) for row in found for paper in row.papers)


def test_the_text_sessions(made: LegacyImport) -> None:
    """text 49 files, 436 utterances, 218 answers"""
    found = rows(made, TEXT)
    assert [row.outcome for row in found] == ["imported"] * 49
    assert (total(found, "utterances"), total(found, "answers"), total(found, "turns")) == (436, 218, 218)
    assert total(found, "failed") == 0


def test_the_training_sessions(made: LegacyImport) -> None:
    """training 65 files, 240 exercises in 64 of them + 3 results in the variant; 476 utterances, 238 answers"""
    found = rows(made, TRAINING)
    assert [row.outcome for row in found] == ["imported"] * 65
    assert (total(found, "utterances"), total(found, "answers"), total(found, "exercises")) == (476, 238, 240)
    variant = [row for row in found if not row.papers[0].exercises]
    assert [row.source for row in variant] == [f"{TRAINING}/T036_mode_negotiation_test.json"]
    assert total(variant, "answers") == 3


def test_nothing_is_lost(made: LegacyImport) -> None:
    assert len(made.report.files) == 155
    assert all(row.found == row.kept + row.doubled + len(row.refused) for row in made.report.files)
    assert sum(len(row.refused) for row in made.report.files) == 0
    assert all(row.papers or row.reason for row in made.report.files)
    assert all(chain_faults(paper) == () for paper in made.papers.values())


def test_each_exercise_is_kept_once_with_what_was_noted(made: LegacyImport) -> None:
    papers = by_source(made)
    for row in rows(made, TRAINING):
        held = json.loads(real(row.source).read_bytes()).get("exercises", [])
        turns = [turn for turn in papers[row.source].turns if turn.kind == "exercise"]
        assert [(turn.prompt, turn.reply, turn.expected[0]) for turn in turns] == [
            (one["exercise"]["prompt"], one["response"], one["exercise"]["expected"]) for one in held
        ]
        noted = ({key: value for key, value in one.items() if key not in ("exercise", "response")} for one in held)
        assert [turn.stored for turn in turns] == list(noted)
    sessions = [papers[row.source] for row in rows(made, TRAINING) if row.papers[0].exercises]
    assert all((paper.turns[0].kind, paper.turns[-1].kind) == ("warm-up", "cool-down") for paper in sessions)


def test_what_counts_as_a_session(made: LegacyImport) -> None:
    assert {(t.track, t.standing): t.papers for t in made.report.totals} == {
        ("experiment", "experiment"): 4,
        ("primary", "session"): 45,
        ("primary", "dry-run"): 3,
        ("primary", "experiment"): 1,
        ("primary", "superseded"): 1,
        ("training", "session"): 64,
        ("training", "experiment"): 1,
    }
    seen = [legacy.dialogue(paper) for paper in made.papers.values()]
    numbers = {
        track: sorted(one.number or 0 for one in seen if one.track == track and one.standing == "session")
        for track in ("primary", "training")
    }
    assert numbers == {"primary": list(range(1, 46)), "training": list(range(1, 65))}


@pytest.mark.parametrize(
    ("name", "standing"),
    [
        ("session_009_experimental_dry_run", "dry-run"),
        ("session_015_sensing_v2_v2_blend", "experiment"),
        ("session_039_identity_anchored_v2_dry_run", "dry-run"),
        ("session_040_identity_anchored_v2_dry_run", "dry-run"),
        ("session_039", "session"),
    ],
)
def test_the_extra_files_of_a_number(name: str, standing: str, made: LegacyImport) -> None:
    assert by_source(made)[f"{TEXT}/{name}.json"].head.standing == standing


def test_two_contents_of_number_forty(made: LegacyImport) -> None:
    outcomes = {row.source: row.outcome for row in rows(made, "history")}
    assert outcomes == {
        f"history/0ea28de8/{TEXT}/session_040.json": "same-content",
        f"history/f04a5f7f/{TEXT}/session_040.json": "imported",
        "history/c7f9a963/sage/raising/tracks/training/state.json": "refused",
    }
    older = by_source(made)[f"history/f04a5f7f/{TEXT}/session_040.json"].head
    assert (older.number, older.standing) == (40, "superseded")
    assert older.why == f"an older content of {TEXT}/session_040.json"


def test_the_broken_state_file_is_refused_at_its_line(made: LegacyImport) -> None:
    (broken,) = (row for row in made.report.files if row.outcome == "refused")
    assert broken.source.endswith("c7f9a963/sage/raising/tracks/training/state.json")
    assert "line 503 " in str(broken.reason)


def test_runs_on_the_fallback_are_marked(made: LegacyImport) -> None:
    marked = {one.label for one in sessions(made, "primary") if "cpu-fallback" in one.remarks}
    assert marked == {"S021", "S024", "S025", "S037", "S038"}


def test_local_time_became_utc(made: LegacyImport) -> None:
    started = {one.label: clock.text(one.started) for one in sessions(made, "primary") if one.started}
    assert len(started) == 45
    assert started["S022"] == "2026-01-18T08:06:14.967+00:00"
    assert {paper.head.assumed_zone for paper in made.papers.values()} == {"America/Los_Angeles"}


def test_nothing_is_known_of_host_and_model(made: LegacyImport) -> None:
    assert {(one.host, one.model) for track in ("primary", "training") for one in sessions(made, track)} == {
        (None, None)
    }
    assert all("no-provenance" in one.remarks for one in sessions(made, "primary"))


def test_no_repair_was_needed_in_a_session(made: LegacyImport) -> None:
    assert {repair for row in rows(made, TEXT) for paper in row.papers for repair in paper.repairs} == set()
    assert sum(row.ends_open for row in rows(made, TEXT)) == 48


def test_units_and_interventions(made: LegacyImport) -> None:
    under = {one.label: (one.unit, one.intervention) for one in sessions(made, "primary")}
    assert under["S001"] == ("grounding", "none-recorded")
    assert under["S008"] == ("sensing", "single-pass-no-refinement")
    assert under["S022"] == ("relating", "identity-anchored")
    assert under["S045"] == ("creating", "identity-anchored-v2")
    units = {one.unit for one in sessions(made, "training")}
    assert units == {
        "basic-completion",
        "memory-and-recall",
        "identity-and-boundaries",
        "conversational-skills",
    }


def sessions(made: LegacyImport, track: str) -> list[Dialogue]:
    seen = map(legacy.dialogue, made.papers.values())
    return [one for one in seen if one.track == track and one.standing == "session"]
