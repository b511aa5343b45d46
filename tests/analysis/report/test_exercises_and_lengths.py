"""The training track by exercise, and answers by their length: counts from the transcripts themselves."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from sage_edge.analysis.report import lengths, training
from sage_edge.analysis.report.blocks import Cell, Section, Table
from sage_edge.analysis.report.content import ReportContent
from tests.analysis.report.contents import gathered
from tests.builders import transcript


def rows(section: Section | None) -> list[list[str]]:
    """The first table of a section, as text."""
    assert section is not None
    table = next(block for block in section.blocks if isinstance(block, Table))
    return [[_text(cell) for cell in row] for row in table.rows]


def _text(cell: Cell) -> str:
    return str(cell).replace("\u00a0", " ")


def test_exercises_are_counted_by_name_and_evaluator(tmp_path: Path) -> None:
    content = gathered(
        tmp_path,
        transcript("T001", replies=["Ready.", "yes", "no", "Well."]),
        transcript("T002", replies=["Ready.", "yes", "yes", "Well."]),
    )
    found = training.section(content)
    assert rows(found) == [
        ["exercise-1", "1.00 (0.34 to 1.00), n = 2"],
        ["exercise-2", "0.50 (0.09 to 0.91), n = 2"],
        ["all", "0.75 (0.30 to 0.95), n = 4"],
    ]


def test_what_an_older_system_noted_stands_beside_our_own_judgement(tmp_path: Path) -> None:
    content = gathered(tmp_path, transcript("T001", replies=["Ready.", "yes", "no", "Well."]))
    noted = tuple(replace(one, noted={2: False, 3: True}) for one in content.sessions)
    assert rows(training.section(replace(content, sessions=noted))) == [
        ["exercise-1", "0.00 (0.00 to 0.79), n = 1", "1.00 (0.21 to 1.00), n = 1"],
        ["exercise-2", "1.00 (0.21 to 1.00), n = 1", "0.00 (0.00 to 0.79), n = 1"],
        ["all", "0.50 (0.09 to 0.91), n = 2", "0.50 (0.09 to 0.91), n = 2"],
    ]


def test_without_exercises_there_is_no_training_section(tmp_path: Path) -> None:
    assert training.section(gathered(tmp_path, transcript())) is None


def test_lengths_are_counted_by_finish_reason_where_it_is_known(tmp_path: Path) -> None:
    long = " ".join(["word"] * 130)
    paper = transcript(replies=["Short one.", long, long], finish=["stop", "length", "stop"])
    found = lengths.section(gathered(tmp_path, paper))
    assert rows(found)[0] == ["finish reason", "under 60", "0.00 (0.00 to 0.79), n = 1"]
    assert rows(found)[4:] == [
        ["finish reason", "120 or more", "0.50 (0.09 to 0.91), n = 2"],
        ["finish reason", "all", "0.33 (0.06 to 0.79), n = 3"],
    ]
    assert found is not None
    assert found.lead == (
        "3 answers of the primary track, 130 words in the middle, 130 at most. Of 3 the finish reason is known."
    )


def test_where_it_is_not_known_the_last_sign_is_described_and_never_called_cut(tmp_path: Path) -> None:
    content = gathered(tmp_path, transcript(replies=["An end.", "no end", "An end?"]))
    blind = tuple(
        replace(one, answers=tuple(replace(answer, finish_reason=None) for answer in one.answers))
        for one in content.sessions
    )
    found = lengths.section(replace(content, sessions=blind))
    assert rows(found)[5] == ["last sign", "all", "0.33 (0.06 to 0.79), n = 3"]
    assert {row[0] for row in rows(found)} == {"last sign"}
    assert found is not None
    assert "Of none the finish reason is known." in found.lead


def test_a_failed_turn_is_no_answer(tmp_path: Path) -> None:
    found = lengths.section(gathered(tmp_path, transcript(replies=["An end.", None, "An end."])))
    assert rows(found)[5][2].endswith("n = 2")
    assert lengths.section(ReportContent("tests")) is None
