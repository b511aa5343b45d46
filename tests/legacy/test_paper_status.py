"""What counts as a session, and what the numbers say."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import JsonValue

from sage_edge.records.dialogue import Standing
from sage_edge.records.legacy import LegacyHead
from tests.legacy.papers import TEXT, TRAINING, planned, session, training, utterances

PAIRS: list[JsonValue] = [{"prompt": "A?", "response": "B."}]


def heads(tmp_path: Path, files: dict[str, JsonValue | bytes]) -> dict[str, LegacyHead]:
    return {paper.head.source: paper.head for paper in planned(tmp_path, files).papers.values()}


@pytest.mark.parametrize(
    ("source", "content", "standing"),
    [
        (f"{TEXT}/session_003.json", session(3), "session"),
        (f"{TEXT}/session_003_dry_run.json", session(3), "dry-run"),
        (f"{TEXT}/session_003.json", session(3, dry_run=True), "dry-run"),
        (f"{TEXT}/session_901.json", session(901), "dry-run"),
        (f"{TEXT}/session_899.json", session(899), "session"),
        (f"{TEXT}/session_008.json", session(8, experimental=True), "session"),
        (f"{TEXT}/session_015_blend.json", session(15, experiment_type="other prompts"), "experiment"),
        (f"{TRAINING}/T036_test.json", {"session": "T036", "type": "mode_test", "results": PAIRS}, "experiment"),
        (f"{TRAINING}/T036.json", {"session": "T036", "hypothesis": "it asks more", "results": PAIRS}, "experiment"),
        ("sage/experiments/talk.json", session(5), "experiment"),
        ("bench/seven.json", {"model": "seven", "results": PAIRS}, "experiment"),
        ("logs/R14B_010.json", session("R14B_010"), "experiment"),
        ("sage/raising/sessions/latent_exploration/L018_20260130-120315.json", session(18), "session"),
        ("sage/raising/sessions/conversations/autonomous_s046_20260127-030225.json", session(46), "session"),
        (f"{TEXT}/session_061_autonomous.json", session(61), "session"),
        ("archive/session_007.json", session(7), "session"),
    ],
)
def test_alone(source: str, content: JsonValue, standing: Standing, tmp_path: Path) -> None:
    head = heads(tmp_path, {source: content})[source]
    assert head.standing == standing
    assert (head.why is None) == (standing == "session")


def test_a_name_that_goes_on_after_a_number_that_another_file_has(tmp_path: Path) -> None:
    plain, blend, elsewhere = f"{TEXT}/session_015.json", f"{TEXT}/session_015_blend.json", "b/session_015_x.json"
    found = heads(tmp_path, {plain: session(15), blend: session(15, end=None), elsewhere: session(15, phase="sensing")})
    assert (found[plain].standing, found[blend].standing) == ("session", "experiment")
    assert found[blend].why == "its name goes on after the number: blend"
    assert found[elsewhere].standing == "session"


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        (f"history/f04a5f7f/{TEXT}/session_040.json", f"{TEXT}/session_040.json"),
        (f"history/{TEXT}/session_040.json", f"{TEXT}/session_040.json"),
        ("a/backups/session_040.json", "a/session_040.json"),
        ("a/session_040.json.bak", "a/session_040.json"),
        ("a/session_040.json.backup_20260201", "a/session_040.json"),
    ],
)
def test_an_older_content_is_superseded(older: str, newer: str, tmp_path: Path) -> None:
    found = heads(tmp_path, {older: session(40, start="2026-01-23T00:01:43"), newer: session(40)})
    assert (found[older].standing, found[newer].standing) == ("superseded", "session")
    assert found[older].why == f"an older content of {newer}"
    assert "number-claimed-twice" not in found[newer].remarks


def test_two_sessions_that_claim_one_number_both_say_so(tmp_path: Path) -> None:
    made = planned(tmp_path, {"a/session_003.json": session(3), "b/session_003.json": session(3, phase="sensing")})
    assert len(made.papers) == 2
    assert all("number-claimed-twice" in paper.head.remarks for paper in made.papers.values())
    assert made.report.numbering == ("primary: number 3 is claimed by a/session_003.json, b/session_003.json",)


def test_two_machines_have_a_number_each(tmp_path: Path) -> None:
    files: dict[str, JsonValue | bytes] = {
        f"sage/instances/{machine}-x/sessions/session_003.json": session(3, machine=machine)
        for machine in ("cbp", "thor")
    }
    made = planned(tmp_path, files)
    assert made.report.numbering == ()
    assert {paper.head.host for paper in made.papers.values()} == {"cbp", "thor"}


def test_numbers_that_are_missing_or_not_in_the_order_of_time(tmp_path: Path) -> None:
    days = {38: "2026-01-22", 39: "2026-02-20", 62: "2026-02-08", 63: "2026-02-21"}
    made = planned(
        tmp_path,
        {f"{TEXT}/session_{number:03d}.json": session(number, start=f"{day}T12:00:00") for number, day in days.items()},
    )
    assert made.report.numbering == (
        "primary: 22 numbers are missing between 38 and 63: 40-61",
        "primary: S062 of 2026-02-08 was held before S039 of 2026-02-20",
    )


def test_what_is_no_session_has_no_part_in_the_numbers(tmp_path: Path) -> None:
    files: dict[str, JsonValue | bytes] = {
        f"{TEXT}/session_001.json": session(1),
        f"{TEXT}/session_901.json": session(901),
        f"{TEXT}/session_001_dry_run.json": session(1, start="2025-01-01T00:00:00"),
        f"{TRAINING}/T009.json": training("T009"),
        "talk.json": {"messages": utterances("A?", "B.")},
    }
    assert planned(tmp_path, files).report.numbering == ()
