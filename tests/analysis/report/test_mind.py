"""The first screen: whose sessions, its own words by a rule that nobody bends, what is due, what is left out."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from sage_edge.analysis.report import collect, mind
from sage_edge.analysis.report.blocks import Quotation
from sage_edge.records import dialogue
from tests import corpora
from tests.analysis.report.contents import gathered
from tests.builders import START, transcript


@pytest.mark.parametrize(
    ("count", "expected"), [(0, []), (1, ["a0"]), (2, ["a0", "a1"]), (3, ["a0", "a1", "a2"]), (7, ["a0", "a3", "a6"])]
)
def test_the_first_the_middle_and_the_last_answer_are_quoted(count: int, expected: list[str]) -> None:
    heard = dialogue.of(transcript(replies=[f"a{at}" for at in range(max(count, 1))]))
    heard = heard if count else dialogue.Dialogue(**{**vars(heard), "exchanges": ()})
    assert [quote.answer for quote in collect.quotes(heard)] == expected


def test_it_says_who_since_when_and_what_comes_next(tmp_path: Path) -> None:
    content = gathered(tmp_path, *corpora.sessions(6))
    section = mind.section(content)
    assert section is not None
    assert section.lead.startswith("Sage on sprout, ")
    assert "4 primary and 2 training sessions kept" in section.lead
    assert content.newest is not None
    assert content.newest.label == "P004"
    quotes = [block for block in section.blocks if isinstance(block, Quotation)]
    assert quotes[0].where == "P004, turn 1"
    assert {quote.seal for quote in quotes} == {content.newest.seal}


def test_the_newest_primary_session_speaks_by_its_start_not_by_its_number(tmp_path: Path) -> None:
    late, early = transcript("P001", started=START + timedelta(days=1)), transcript("P002", started=START)
    content = gathered(tmp_path, late, early)
    assert content.newest is not None
    assert content.newest.label == "P001"


def test_a_session_that_does_not_say_when_it_began_is_not_the_newest() -> None:
    untimed = replace(dialogue.of(transcript("P009")), started=None)
    assert collect._newest([untimed, dialogue.of(transcript("P001"))]).label == "P001"  # type: ignore[union-attr]


def test_what_no_number_holds_is_said_first(tmp_path: Path) -> None:
    corpora.write(tmp_path, transcript("P001"))
    assert mind.left_out(gathered(tmp_path)) == "No session is left out of the numbers."
    (tmp_path / "sessions" / "copy.json").write_bytes(transcript("P001", replies=["Other words."]).pretty())
    (tmp_path / "sessions" / "torn.json").write_text("{")
    told = mind.left_out(gathered(tmp_path))
    assert "2 papers (a number that another paper claims, too)" in told
    assert "1 file that could not be believed" in told


def test_nobody_has_no_first_screen(tmp_path: Path) -> None:
    content = gathered(tmp_path)
    assert mind.section(content) is None
    assert mind.headline(content) == f"There is no session in the folder {tmp_path.name} yet."
    assert mind.name(content) == "Nobody yet"
