"""A corpus as tables: every paper, turn and mark is in them, word for word; the folder appears whole or not at all."""

from __future__ import annotations

import errno
import json
from pathlib import Path
from typing import Any

import pytest

from sage_edge.analysis.calibration import AnsweredPrediction
from sage_edge.analysis.corpus import Corpus, Folder
from sage_edge.analysis.dataset import study_rows
from sage_edge.analysis.dataset.columns import DECISIONS, TABLES, TRIALS, Column
from sage_edge.errors import FolderTaken, SageError, StorageError, UsageError
from sage_edge.names import Slug
from sage_edge.records.trial import TrialContrast, TrialPlace
from sage_edge.scorers import EARLIER_IDENTITY, TRUNCATION
from sage_edge.trials import TrialPapers
from tests import corpora
from tests.analysis.report.test_predictions import check, decision, recommendation
from tests.builders import WEIGHTS, transcript
from tests.trials import made

parquet = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed (pip install 'sage-edge[dataset]')")

from sage_edge.analysis.dataset import export as exports  # noqa: E402 - it needs pyarrow

HOSTILE = "\x1b[2J\x00 | <script>alert(1)</script> \u202e\U0001f600 `rm`"
SCORERS = (EARLIER_IDENTITY, TRUNCATION)


def write(place: Path, out: Path, host: str | None = None, mind: str | None = None) -> exports.Exported:
    with Corpus.open(Folder.at(place), scorers=SCORERS) as corpus:
        return exports.export(Corpus(corpus.shelf, host, mind), out)


def rows(out: Path, table: str) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = parquet.read_table(out / f"{table}.parquet").to_pylist()
    return listed


@pytest.fixture
def papers(tmp_path: Path) -> Path:
    place = TrialPlace(trial=WEIGHTS, arm=Slug("off"), block=3, place=1, counted=True)
    folder = tmp_path / "papers"
    corpora.write(folder, transcript("P001", replies=["I am Sage.", None, HOSTILE], finish=["stop", "stop", "length"]))
    corpora.write(folder, transcript("P002", mind="Nova", system=HOSTILE, trial=place))
    corpora.write(folder, transcript("T001", host="thor"))
    (folder / "sessions" / "broken.json").write_text("{")
    return folder


def test_every_paper_turn_and_mark_is_a_row(papers: Path, tmp_path: Path) -> None:
    out = tmp_path / "tables"
    exported = write(papers, out)
    assert (exported.is_new, exported.rows) == (True, {table: len(rows(out, table)) for table in TABLES})
    assert [exported.rows[table] for table in ("sessions", "turns", "decisions", "trials")] == [3, 9, 0, 0]
    sessions = {row["label"]: row for row in rows(out, "sessions")}
    one, two = sessions["P001"], sessions["P002"]
    assert (one["host"], one["mind"], one["counts"], one["questions"], one["answers"]) == ("sprout", "Sage", True, 3, 2)
    assert (one["trial"], two["trial"], two["arm"], two["block"], two["counted"]) == (None, WEIGHTS, "off", 3, True)
    assert two["started"].isoformat() == "2026-11-20T12:00:00+00:00"
    marks = [row for row in rows(out, "measures") if row["session"] == one["session"] and row["quantity"] == "cut"]
    assert [(row["turn"], row["value"]) for row in marks] == [(1, 0.0), (3, 1.0)]
    assert {row["definition"] for row in marks} == {str(TRUNCATION.definition)}


def test_words_stand_as_they_were_said_and_the_sheet_is_inert(papers: Path, tmp_path: Path) -> None:
    out = tmp_path / "tables"
    write(papers, out)
    (hostile,) = [row for row in rows(out, "turns") if row["finish_reason"] == "length"]
    assert hostile["reply"] == HOSTILE
    assert HOSTILE in {row["system"] for row in rows(out, "sessions")}
    assert (out / "dataset.json").read_bytes().isascii()
    sheet = json.loads((out / "dataset.json").read_text())
    assert sheet["refused"]["files"] == 1
    assert sheet["refused"]["listed"][0]["place"] == "broken.json"
    assert [scorer["definition"] for scorer in sheet["scorers"]] == [str(scorer.definition) for scorer in SCORERS]
    assert str(tmp_path) not in (out / "dataset.json").read_text() + (out / "README.md").read_text()
    for table, columns in TABLES.items():
        names = parquet.read_schema(out / f"{table}.parquet").names
        assert names == [column.name for column in columns]
        assert names == [column["name"] for column in sheet["tables"][table]["columns"]]
        assert all(f"| `{name}` |" in (out / "README.md").read_text() for name in names)


def test_one_host_or_mind_can_be_had_alone(papers: Path, tmp_path: Path) -> None:
    write(papers, tmp_path / "thor", host="thor")
    write(papers, tmp_path / "nova", host="sprout", mind="Nova")
    assert {row["label"] for row in rows(tmp_path / "thor", "sessions")} == {"T001"}
    assert {row["label"] for row in rows(tmp_path / "nova", "sessions")} == {"P002"}
    assert {row["session"] for row in rows(tmp_path / "nova", "measures")} == {
        row["session"] for row in rows(tmp_path / "nova", "sessions")
    }


def test_the_same_export_is_left_alone_and_anything_else_is_refused(papers: Path, tmp_path: Path) -> None:
    out = tmp_path / "tables"
    first = write(papers, out)
    before = {path.name: path.stat().st_mtime_ns for path in out.iterdir()}
    again = write(papers, out)
    assert (again.is_new, again.rows) == (False, first.rows)
    corpora.write(papers, transcript("P003"))
    with pytest.raises(FolderTaken, match="is not empty"):
        write(papers, out)
    assert {path.name: path.stat().st_mtime_ns for path in out.iterdir()} == before
    (out / "turns.parquet").unlink()  # half of one is none
    with pytest.raises(FolderTaken):
        write(papers, out)


@pytest.mark.parametrize("sheet", [b"[]", b'{"digest": 1}', b"\xff", b"[" * 100_000])
def test_a_foreign_data_sheet_is_nothing_of_ours(papers: Path, tmp_path: Path, sheet: bytes) -> None:
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables" / "dataset.json").write_bytes(sheet)
    with pytest.raises(FolderTaken):
        write(papers, tmp_path / "tables")


def test_an_export_that_fails_leaves_nothing(papers: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(corpus: Corpus, seals: list[str]) -> None:
        raise SageError("the disk is gone")

    monkeypatch.setattr(Corpus, "marks_texts", fail)
    with pytest.raises(SageError, match="gone"):
        write(papers, tmp_path / "tables")
    assert [path.name for path in tmp_path.iterdir()] == ["papers"]


@pytest.mark.parametrize("group", [1, 500])
def test_a_full_disk_is_told_and_leaves_nothing(
    papers: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, group: int
) -> None:
    def full(writer: object, table: object, **how: object) -> None:
        raise OSError(errno.ENOSPC, "no room")

    monkeypatch.setattr(exports, "PER_GROUP", group)
    monkeypatch.setattr(parquet.ParquetWriter, "write_table", full)
    with pytest.raises(StorageError, match="tables"):
        write(papers, tmp_path / "tables")
    assert [path.name for path in tmp_path.iterdir()] == ["papers"]


def test_too_many_sessions_are_refused(papers: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports, "MOST_SESSIONS", 2)
    with pytest.raises(UsageError, match="3 sessions are more than one export holds"):
        write(papers, tmp_path / "tables")
    assert not (tmp_path / "tables").exists()


def test_groups_of_sessions_are_whole(papers: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(papers, tmp_path / "one")
    monkeypatch.setattr(exports, "PER_GROUP", 1)
    write(papers, tmp_path / "many")
    assert parquet.ParquetFile(tmp_path / "many" / "turns.parquet").num_row_groups == 3
    for table in TABLES:
        assert rows(tmp_path / "one", table) == rows(tmp_path / "many", table)


def test_an_empty_corpus_makes_empty_tables(tmp_path: Path) -> None:
    (tmp_path / "papers").mkdir()
    assert set(write(tmp_path / "papers", tmp_path / "tables").rows.values()) == {0}
    assert rows(tmp_path / "tables", "turns") == []


def named(columns: tuple[Column, ...], row: tuple[object, ...]) -> dict[str, object]:
    return dict(zip([column.name for column in columns], row, strict=True))


def test_a_recommendation_has_its_answer_and_its_outcome() -> None:
    paper = recommendation()
    answered = named(DECISIONS, study_rows.decision_row(AnsweredPrediction(paper, decision(paper), check(paper))))
    assert (answered["verdict"], answered["outcome"], answered["seen"]) == ("accepted", "confirmed", 0.75)
    waiting = named(DECISIONS, study_rows.decision_row(AnsweredPrediction(paper)))
    assert (waiting["verdict"], waiting["outcome"], waiting["seen"], waiting["predicted"]) == (None, "open", None, 0.5)


def test_a_trial_has_a_row_an_arm() -> None:
    offer = made.trial()
    trial = offer.fingerprint()
    _, other = offer.design.arms
    seen = TrialContrast(arm=other.name, mean=0.25, low=-0.5, high=0.75, n=2, verdict="cannot-tell")
    look = made.looked_at(offer, "running", contrasts=(seen,))
    papers = TrialPapers({trial: offer}, {trial: made.accepted(offer)}, {trial: (look,)})
    control, arm = (named(TRIALS, row) for row in study_rows.trial_rows(papers, trial))
    assert (control["is_control"], control["difference"], control["state"]) == (True, None, "running")
    assert (arm["is_control"], arm["verdict"], arm["first"]) == (False, "accepted", "P001")
    assert (arm["difference"], arm["low"], arm["n"], arm["effect"]) == (0.25, -0.5, 2, "cannot-tell")
    offered = [named(TRIALS, row) for row in study_rows.trial_rows(TrialPapers({trial: offer}), trial)]
    assert {row["verdict"] for row in offered} == {row["state"] for row in offered} == {None}
