"""A folder → papers and a report → a folder: the same bytes every time, nothing mixed, nothing half."""

from __future__ import annotations

import fcntl
import json
import os
from pathlib import Path

import pytest
from pydantic import JsonValue

from sage_edge import files
from sage_edge.errors import Locked, StorageError, UsageError
from sage_edge.legacy import import_folder, session_file
from sage_edge.legacy.errors import ImportChanged
from sage_edge.legacy.import_folder import plan, write
from sage_edge.legacy.report import FileRow, ImportReport
from sage_edge.legacy.session_file import ParsedFile
from sage_edge.records.base import parse
from sage_edge.records.legacy import LegacyTranscript, chain_faults
from tests.legacy.papers import TEXT, TRAINING, plant, session, training, utterances

SAMPLE: dict[str, JsonValue | bytes] = {
    f"{TEXT}/session_003.json": session(3),
    f"{TEXT}/session_004.json": session(4, conversation=[*utterances("A?", "B."), 7]),
    f"{TEXT}/copy.json": json.dumps(session(3), indent=4).encode() + b"\r\n",
    f"{TRAINING}/T021.json": training(),
    f"{TRAINING}/state.json": b'{"current_session": ""4}',
    "thor_worklog.txt": b"09:00 all quiet\n",
    "identity.json": {"identity": {"phase": "sensing"}, "development": {"phase_name": "relating"}},
}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A folder of seven files."""
    return plant(tmp_path / "source", SAMPLE)


def content(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def row(report: ImportReport, source: str) -> FileRow:
    return next(row for row in report.files if row.source == source)


def test_every_file_is_told(source: Path) -> None:
    report = plan(source).report
    told = {row.source: (row.outcome, row.reason) for row in report.files}
    assert told == {
        f"{TEXT}/session_003.json": ("same-content", f"the content of {TEXT}/copy.json"),
        f"{TEXT}/session_004.json": ("imported", None),
        f"{TEXT}/copy.json": ("imported", None),
        f"{TRAINING}/T021.json": ("imported", None),
        f"{TRAINING}/state.json": ("refused", "no JSON: Expecting ',' delimiter, line 1 column 23"),
        "thor_worklog.txt": ("not-a-transcript", "a worklog"),
        "identity.json": ("not-a-transcript", "an identity file"),
    }
    assert [row.source for row in report.files] == sorted(told)
    assert [(defect.source, defect.what[:14]) for defect in report.defects] == [("identity.json", "identity.phase")]


def test_every_item_is_accounted_for(source: Path) -> None:
    report = plan(source).report
    assert all(row.found == row.kept + row.doubled + len(row.refused) for row in report.files)
    partly = row(report, f"{TEXT}/session_004.json")
    assert (partly.found, partly.kept, partly.refused) == (3, 2, ("item 3: expected an object, got a number",))
    drilled = row(report, f"{TRAINING}/T021.json")
    assert (drilled.found, drilled.kept, drilled.doubled) == (9, 7, 2)
    (paper,) = drilled.papers
    assert (paper.utterances, paper.answers, paper.exercises, paper.turns, paper.failed) == (6, 3, 3, 5, 0)


def test_totals_by_track_shape_and_standing(source: Path) -> None:
    primary, lessons = plan(source).report.totals
    assert (primary.track, primary.papers, primary.utterances, primary.turns) == ("primary", 2, 6, 3)
    assert (lessons.track, lessons.shape, lessons.exercises) == ("training", "exercises", 3)


def test_papers_lie_in_their_places_and_are_whole(source: Path, tmp_path: Path) -> None:
    planned = plan(source)
    written = write(planned, tmp_path / "out")
    lying = content(tmp_path / "out")
    assert written == len(lying) == 4
    assert parse(ImportReport, lying.pop("import.json")) == planned.report
    for place, data in lying.items():
        paper = parse(LegacyTranscript, data)
        assert chain_faults(paper) == ()
        assert place.startswith(f"sessions/{paper.head.track}/000/{paper.head.label}-{paper.seal.short}")
        assert paper.head.source_sha256 == files.digest_file(source / paper.head.source)


def test_the_same_input_makes_the_same_bytes_anywhere(source: Path, tmp_path: Path) -> None:
    write(plan(source), tmp_path / "one")
    write(plan(plant(tmp_path / "elsewhere" / "copy", SAMPLE)), tmp_path / "two")
    assert content(tmp_path / "one") == content(tmp_path / "two")


def test_a_second_time_changes_nothing(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    write(plan(source), out)
    before = {path: path.stat().st_mtime_ns for path in out.rglob("*")}
    assert write(plan(source), out) == 0
    assert {path: path.stat().st_mtime_ns for path in out.rglob("*")} == before


def test_an_import_that_was_cut_off_is_finished(source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, out = tmp_path / "whole", tmp_path / "out"
    write(plan(source), whole)
    real = files.write_atomic
    left = [2]

    def cut(path: Path, data: bytes) -> None:
        left[0] -= 1
        if left[0] < 0:
            (out / ".tmp-torn").write_bytes(data[:9])
            raise StorageError(str(path), "No space left on device")
        real(path, data)

    monkeypatch.setattr(files, "write_atomic", cut)
    with pytest.raises(StorageError):
        write(plan(source), out)
    assert not (out / "import.json").exists()
    monkeypatch.undo()
    assert write(plan(source), out) == 2
    assert content(out) == content(whole)


@pytest.mark.parametrize("strange", ["notes.txt", "sessions/primary/000/S009-0123456789ab.json", "sessions"])
def test_a_folder_that_holds_anything_else_is_refused(strange: str, source: Path, tmp_path: Path) -> None:
    out = plant(tmp_path / "out", {strange: b"mine"})
    with pytest.raises(UsageError, match="does not belong to this import"):
        write(plan(source), out)
    assert content(out) == {strange: b"mine"}


def test_imports_are_not_mixed(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    write(plan(source), out)
    before = content(out)
    plant(source, {f"{TEXT}/session_005.json": session(5)})
    with pytest.raises(UsageError, match="the report of another import"):
        write(plan(source), out)
    assert content(out) == before


def test_a_paper_that_was_changed_is_not_overwritten(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    planned = plan(source)
    write(planned, out)
    victim = out / next(iter(planned.papers))
    victim.write_bytes(victim.read_bytes().replace(b"?", b"!"))
    with pytest.raises(ImportChanged) as refusal:
        write(planned, out)
    assert refusal.value.code == 8
    assert str(refusal.value.hint).startswith("move it out of OUT to another folder; the same command again")
    victim.rename(out.parent / "aside.json")
    assert write(planned, out) == 1
    victim.unlink()
    victim.symlink_to(source)
    with pytest.raises(ImportChanged):
        write(planned, out)


def test_two_imports_at_once(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    handle = os.open(out, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    try:
        with pytest.raises(Locked):
            write(plan(source), out)
    finally:
        os.close(handle)
    assert write(plan(source), out) == 4


@pytest.mark.parametrize(("name", "says"), [("gone", "is not there"), ("file", "is no folder")])
def test_what_cannot_be_imported(name: str, says: str, tmp_path: Path) -> None:
    plant(tmp_path, {"file": b"x"})
    with pytest.raises(UsageError, match=says):
        plan(tmp_path / name)


def test_out_must_be_a_folder_elsewhere(source: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is no folder"):
        write(plan(source), plant(tmp_path, {"file": b"x"}) / "file")
    for inside in (source, source / "out", source.parent, source / ".." / "source"):
        with pytest.raises(UsageError, match="lie within each other"):
            import_folder.apart(source, inside)
    import_folder.apart(source, tmp_path / "source-out")


def test_an_empty_folder_makes_an_empty_import(tmp_path: Path) -> None:
    planned = plan(plant(tmp_path / "empty", {"x/y.txt": b""}) / "x")
    assert (planned.papers, planned.report.totals, planned.report.count("not-a-transcript")) == ({}, (), 1)
    assert write(planned, tmp_path / "out") == 1


def test_a_current_file_comes_before_its_older_copy(tmp_path: Path) -> None:
    older, newer = f"history/0ea28de8/{TEXT}/session_040.json", f"{TEXT}/session_040.json"
    report = plan(plant(tmp_path, {older: session(40), newer: session(40)})).report
    assert (row(report, older).outcome, row(report, newer).outcome) == ("same-content", "imported")


def test_names_that_differ_in_a_byte_are_two_files(tmp_path: Path) -> None:
    """As an old zip unpacks ä and ö: neither is UTF-8."""
    one, two = os.fsdecode(b"session_\xe4.json"), os.fsdecode(b"session_\xf6.json")
    made = plan(plant(tmp_path, {"a.json": session(2), one: session(1), two: session(2)}))
    assert [(row.source, row.outcome) for row in made.report.files] == [
        ("a.json", "imported"),
        (r"session_\xe4.json", "imported"),
        (r"session_\xf6.json", "same-content"),
    ]
    assert sorted(paper.head.number or 0 for paper in made.papers.values()) == [1, 2]


def test_what_macos_keeps_beside_a_file_is_no_transcript(tmp_path: Path) -> None:
    beside = b"\x00\x05\x16\x07" + bytes(22)
    planted = plant(
        tmp_path, {"s.json": session(1), "._s.json": beside, "x/._notes.txt": beside, "._t.json": session(2)}
    )
    rows = {row.source: (row.outcome, row.reason) for row in plan(planted).report.files}
    left = ("not-a-transcript", "what macOS keeps beside a file (AppleDouble)")
    assert rows == {
        "s.json": ("imported", None),
        "._s.json": left,
        "x/._notes.txt": left,
        "._t.json": ("imported", None),  # a name alone says nothing
    }


def test_what_an_import_wrote_is_not_imported(source: Path, tmp_path: Path) -> None:
    write(plan(source), source / "earlier")
    papers = {place: data for place, data in content(source).items() if place.startswith("earlier")}
    report = plan(plant(tmp_path / "again", dict(papers))).report
    reasons = {row.source.partition("/")[2].partition("/")[0]: row.reason for row in report.files}
    assert reasons == {
        "import.json": "the report of an import; nothing to import",
        "sessions": "a paper of an import; nothing to import",
    }
    assert report.count("not-a-transcript") == len(report.files) == 4


def test_nothing_is_read_twice_and_no_file_is_written(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before, real = content(source), session_file.of_bytes
    seen: list[str] = []

    def noted(data: bytes, name: str) -> ParsedFile:
        seen.append(name)
        return real(data, name)

    monkeypatch.setattr(session_file, "of_bytes", noted)
    plan(source)
    assert sorted(seen) == sorted(name for name in SAMPLE if name.endswith(".json"))
    assert content(source) == before
