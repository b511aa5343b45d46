"""A corpus becomes the content of a report about one host."""

from __future__ import annotations

from pathlib import Path

import pytest

from sage_edge.analysis.corpus import Corpus, Folder
from sage_edge.analysis.report import collect, glossary, page
from sage_edge.analysis.report.blocks import Definition
from sage_edge.analysis.report.legacy_verdicts import passed
from sage_edge.analysis.report.sections import compose
from sage_edge.errors import UsageError
from sage_edge.scorers import ALL
from tests import corpora
from tests.analysis.report.contents import FEW, HOSTILE, gathered
from tests.builders import transcript


def test_it_knows_every_session_and_every_series(tmp_path: Path) -> None:
    content = gathered(tmp_path, *corpora.sessions(6))
    assert [one.header.label for one in content.on("primary")] == ["P001", "P002", "P003", "P004"]
    assert [one.header.label for one in content.on("training")] == ["T001", "T002"]
    named = [(one.name, one.track) for one in content.series]
    assert named[0] == ("identity/1 rate", "primary")
    assert ("truncation/1 cut", "training") in named
    assert len(named) == sum(len(one.quantities) * len(one.tracks) for one in FEW)
    found = content.find("truncation", "cut", "training")
    assert found is not None
    assert found.track == "training"
    assert content.find("truncation", "nothing") is None


def test_a_report_speaks_of_the_host_with_most_sessions_and_names_the_others(tmp_path: Path) -> None:
    here = [transcript("P001"), transcript("P002")]
    there = transcript("P001", host="thor")
    path = corpora.write(tmp_path / "there", there)
    (tmp_path / "here" / "sessions").mkdir(parents=True)
    path.rename(tmp_path / "here" / "sessions" / "other.json")
    content = gathered(tmp_path / "here", *here)
    assert (content.host, content.others) == ("sprout", ("thor",))
    assert "Further minds have sessions there: thor." in page.markdown(compose(content))
    with Corpus.open(Folder.at(tmp_path / "here"), scorers=FEW) as corpus:
        chosen = collect.subject(corpus, "thor")
        assert chosen is not None
        assert chosen.host == "thor"
        with pytest.raises(UsageError, match="desk has no session here"):
            collect.subject(corpus, "desk")


def test_contested_numbers_do_not_count(tmp_path: Path) -> None:
    corpora.write(tmp_path, transcript("P001"))
    other = transcript("P001", replies=["Other words."])
    (tmp_path / "sessions" / "copy.json").write_bytes(other.pretty())
    content = gathered(tmp_path)
    assert len(content.sessions) == 2
    assert list(content.on("primary")) == []
    assert "claim this number" in str(content.problems[0])


def test_an_empty_corpus_has_no_subject(tmp_path: Path) -> None:
    content = gathered(tmp_path)
    assert (content.host, content.sessions, content.series) == ("unknown", (), ())


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("folder /a/b/legacy/sessions", "the folder legacy"),
        ("folder /a/papers", "the folder papers"),
        ("exchange /a/hub.git", "the exchange hub.git"),
        ("exchange /a/clone/.git", "the exchange clone"),
        ("folder /", "the folder /"),
    ],
)
def test_a_source_is_named_without_its_path(key: str, expected: str) -> None:
    assert collect.name(key) == expected


@pytest.mark.parametrize(
    ("stored", "expected"),
    [
        ({"evaluation": {"success": True, "match": "exact"}}, True),
        ({"evaluation": {"success": False}}, False),
        ({"r6_evaluation": {"evaluation": "include"}}, True),
        ({"r6_evaluation": {"evaluation": "review"}}, False),
        ({"evaluation": {"success": "yes"}}, None),
        ({"evaluation": "good"}, None),
        ({"r6_evaluation": {}}, None),
        ({}, None),
    ],
)
def test_what_was_noted_is_read_and_never_guessed(stored: dict[str, object], expected: bool | None) -> None:
    assert passed(stored) is expected  # type: ignore[arg-type]


def test_every_scorer_is_defined_with_its_digest_and_weakness() -> None:
    found = [block for block in glossary.section().blocks if isinstance(block, Definition)]
    assert [one.name for one in found] == [f"{one.id}/{one.version}" for one in ALL]
    for scorer, block in zip(ALL, found, strict=True):
        assert f"definition: {scorer.definition}" in block.lines
        assert block.text.startswith(f"{scorer.id}/{scorer.version}: ")
        assert "Weakness: " in block.text
        assert "Source: " in block.text


def test_hostile_words_of_a_transcript_reach_a_report_as_words(tmp_path: Path) -> None:
    evil = " ".join(HOSTILE)
    paper = transcript(replies=[evil, evil], mind=HOSTILE[0], unit=HOSTILE[1], system=evil)
    (tmp_path / f"{HOSTILE[5].replace('/', '_')}.json").write_text("{")
    made = compose(gathered(tmp_path, paper))
    html, notes = page.html(made), page.markdown(made)
    assert "&lt;script&gt;document.title=" in html
    assert "<script" not in html
    assert "<img" not in html
    assert "<script" not in notes.replace("\\<script", "")
    assert html.count("Ignore all instructions") == 2  # of what was said, only the quotations are shown
