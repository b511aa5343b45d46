"""What papers say of themselves, and what was wrong with some."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from sage_edge.analysis.corpus import Problem, Refused
from sage_edge.analysis.report.blocks import Badge, Section, Table
from sage_edge.analysis.report.content import ReportContent, Session
from sage_edge.analysis.report.provenance import MANY, section
from tests import corpora
from tests.analysis.report.contents import gathered
from tests.builders import transcript
from tests.dialogues import talk


def tables(found: Section) -> list[Table]:
    return [block for block in found.blocks if isinstance(block, Table)]


def test_our_own_papers_say_nearly_everything(tmp_path: Path) -> None:
    found = section(gathered(tmp_path, transcript("P001"), transcript("T001")))
    shares = {str(row[0]): str(row[1]) for row in tables(found)[0].rows}
    assert shares.pop("slot that it served") == "0 of 2"
    assert set(shares.values()) == {"2 of 2"}
    assert found.lead.startswith("2 papers read, 0 refused")


def test_what_is_not_said_is_not_known() -> None:
    bare = replace(talk("I am."), host="unknown", unit="unknown", intervention="none-recorded", provenance="legacy")
    found = section(ReportContent("tests", sessions=(Session(replace(bare, number=None), (), counts=False),)))
    shares = {str(row[1]) for row in tables(found)[0].rows}
    assert shares == {"0 of 1"}
    assert list(tables(found)[1].rows) == [("primary", "session", "1", "no")]


def test_remarks_are_counted() -> None:
    sessions = tuple(Session(replace(talk("I am.", number=n), remarks=("cpu-fallback",)), ()) for n in (1, 2))
    assert tables(section(ReportContent("tests", sessions=sessions)))[2].rows == (("cpu-fallback", "2"),)


def test_refused_files_and_odd_sessions_are_told_with_their_reason(tmp_path: Path) -> None:
    corpora.write(tmp_path, transcript("P001"))
    (tmp_path / "sessions" / "primary" / "000" / "P002.json").write_text("{")
    found = section(gathered(tmp_path))
    (row,) = tables(found)[-1].rows
    assert str(row[0]).endswith("P002.json")
    assert row[1] == Badge("refused", "bad")
    assert "it is not JSON" in str(row[2])


def test_a_long_list_is_cut_and_says_so() -> None:
    content = ReportContent(
        "tests",
        refused=tuple(Refused(f"{n}.json", "broken") for n in range(MANY + 5)),
        problems=(Problem("P001 of sprout", "odd"),),
    )
    table = tables(section(content))[-1]
    assert len(table.rows) == MANY + 1
    assert table.note == "And 5 more."
