"""The report as a folder: every session whole, every link leads to a page, nothing of others is more than text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from sage_edge.analysis.corpus import Corpus, Folder
from sage_edge.analysis.report import collect, site, theory_page, trial_page
from sage_edge.analysis.report.branch_papers import BranchPapers
from sage_edge.analysis.report.content import ReportContent
from sage_edge.analysis.report.sections import compose
from sage_edge.errors import UsageError
from sage_edge.records.theory import Theory
from sage_edge.records.transcript import Step, Transcript
from sage_edge.trials import TrialPapers
from tests import corpora
from tests.analysis.report.contents import FEW, HOSTILE
from tests.analysis.report.test_predictions import hub
from tests.builders import START, transcript
from tests.trials import made

LINK = re.compile(r'<a href="([^"#]+)"')


def written(papers: Path, out: Path, *more: Transcript) -> int:
    """Write the site of a folder of papers."""
    for paper in more:
        corpora.write(papers, paper)
    with Corpus.open(Folder.at(papers), scorers=FEW) as corpus:
        chosen = collect.subject(corpus)
        content = collect.gather(corpus, chosen)
        return site.write(out, compose(content), content, chosen or corpus)


def pages(out: Path) -> dict[str, str]:
    return {str(path.relative_to(out)): path.read_text("utf-8") for path in sorted(out.rglob("*.html"))}


def dead(out: Path) -> list[str]:
    """Links that lead to no page."""
    paths = [(path, link) for path in out.rglob("*.html") for link in LINK.findall(path.read_text("utf-8"))]
    return [link for path, link in paths if not (path.parent / link).is_file()]


def test_every_session_has_a_page_and_every_link_leads_to_one(tmp_path: Path) -> None:
    count = written(tmp_path / "papers", tmp_path / "out", *corpora.sessions(5))
    there = pages(tmp_path / "out")
    assert count == len(there) == 7
    assert dead(tmp_path / "out") == []
    assert len(set(LINK.findall(there["sessions.html"]))) == 6
    assert 'href="sessions/P004-' in there["index.html"], "its own words lead to their session"
    (second,) = (text for name, text in there.items() if name.startswith("sessions/P002-"))
    assert "Before: P001" in second
    assert "After: P003" in second


def test_a_page_holds_every_turn_whole_with_its_ending_its_numbers_and_the_seal(tmp_path: Path) -> None:
    long = "word " * 2_000 + "the very end"
    paper = transcript(replies=["I am Sage.\nI learn.", long])
    written(tmp_path / "papers", tmp_path / "out", paper)
    (text,) = (text for name, text in pages(tmp_path / "out").items() if name.startswith("sessions/"))
    assert "I am Sage.\nI learn." in text
    assert "the very end" in text
    assert str(paper.seal) in text
    assert f"ended by {paper.turns[0].finish_reason}" in text
    assert "identity/1 rate" in text
    assert "1: 1; 2: 0" in text, "each answer's mark"
    assert str(FEW[0].definition) in text


def test_what_was_said_again_stands_before_its_question(tmp_path: Path) -> None:
    steps = (
        Step(kind="prompt", prompt="And now?"),
        Step(kind="closing", prompt="What is worth keeping?", reminder="You are Sage."),
    )
    written(tmp_path / "papers", tmp_path / "out", transcript(replies=["I listen.", "That."], steps=steps))
    (text,) = (text for name, text in pages(tmp_path / "out").items() if name.startswith("sessions/"))
    assert "You are Sage.\nWhat is worth keeping?" in text
    assert "You are Sage.\nAnd now?" not in text


def test_the_same_papers_make_the_same_folder_and_what_is_gone_goes(tmp_path: Path) -> None:
    papers, out = tmp_path / "papers", tmp_path / "out"
    written(papers, out, *corpora.sessions(3))
    before = pages(out)
    written(papers, out)
    assert pages(out) == before
    next((papers / "sessions").rglob("P002*")).unlink()
    written(papers, out)
    assert [name for name in before if name not in pages(out)] == [name for name in before if "P002" in name]
    assert dead(out) == []


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "thesis.html").write_text("mine")
    with pytest.raises(UsageError, match="holds something that is no report"):
        written(tmp_path / "papers", out, transcript())
    assert [path.name for path in out.iterdir()] == ["thesis.html"]
    with pytest.raises(UsageError, match="is no folder"):
        written(tmp_path / "papers", out / "thesis.html")


def test_hostile_words_are_words_on_every_page(tmp_path: Path) -> None:
    evil = " ".join(HOSTILE)
    paper = transcript(replies=[evil, *HOSTILE], mind=HOSTILE[0], unit=HOSTILE[1], system=evil)
    written(tmp_path / "papers", tmp_path / "out", paper)
    for name, text in pages(tmp_path / "out").items():
        assert not set(re.findall(r"<(script|img|iframe|object|embed|base|form)\b", text)), name
        assert "default-src 'none'" in text
        assert all(character.isprintable() or character in "\n\u00a0" for character in text), name
    assert dead(tmp_path / "out") == []


def test_nobody_has_a_site_that_says_so(tmp_path: Path) -> None:
    (tmp_path / "papers").mkdir()
    assert written(tmp_path / "papers", tmp_path / "out") == 2
    assert "There is no session in" in pages(tmp_path / "out")["index.html"]


def shown(page_rows: Sequence[tuple[object, ...]]) -> list[list[str]]:
    return [[str(cell) for cell in row] for row in page_rows]


def test_a_trial_shows_each_look() -> None:
    trial = made.trial()
    digest = trial.fingerprint()
    contrast = {"arm": "named", "mean": 0.25, "low": -0.1, "high": 0.5, "n": 9, "verdict": "cannot-tell"}
    look = made.looked_at(trial, state="running", contrasts=(contrast,), harm=())
    papers = TrialPapers({digest: trial}, {digest: made.accepted(trial)}, {digest: (look,)})
    composed = trial_page.compose(ReportContent("tests", trials=papers), digest, {}, ())
    assert [section.key for section in composed.sections] == ["trial", "looks"]
    (table,) = composed.sections[1].blocks
    assert shown(table.rows) == [[str(look.blocks), "named", "+0.25 (-0.10 to +0.50)", "cannot tell", "running"]]  # type: ignore[union-attr]


def test_a_theory_shows_its_newest_version_and_those_before_it() -> None:
    content = {
        "author": "thor",
        "name": "two-states",
        "statement": "There are two states.",
        "source": "the seeds",
        "predicts": [{"by": "claim", "name": "two", "expects": "supported", "how": "two gain against one"}],
        "why": "nothing was tested",
        "created": START,
    }
    first = Theory.model_validate({**content, "version": 1, "status": "open"})
    second = Theory.model_validate({**content, "version": 2, "status": "supported", "replaces": first.fingerprint()})
    composed = theory_page.compose((first, second), ())
    assert composed.title == "two-states: a theory of thor"
    assert composed.headline == "Supported, by what was tested so far."
    (table,) = composed.sections[0].blocks
    rows = shown(table.rows)  # type: ignore[union-attr]
    assert ["before", "1, open; replaced by version 2"] in rows
    assert ["predicts", "claim two: supported, two gain against one"] in rows


def test_theories_are_read_from_the_branches_of_who_wrote_them(tmp_path: Path) -> None:
    own = Theory.model_validate(
        {
            "author": "thor",
            "name": "one",
            "version": 1,
            "statement": "So.",
            "source": "us",
            "predicts": [{"by": "claim", "name": "two", "expects": "supported", "how": "so"}],
            "status": "open",
            "why": "so",
            "created": START,
        }
    )
    foreign = own.model_copy(update={"name": "other"})
    read = BranchPapers(hub(tmp_path, thor=(own,), sprout=(foreign,)))
    assert read.theories() == ((own,),)
