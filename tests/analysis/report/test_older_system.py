"""The report on the older system's own sessions: what a person who opens it must see."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sage_edge.analysis.claims import declarations, evaluate
from sage_edge.analysis.corpus import Corpus, Folder
from sage_edge.analysis.report import collect, page
from sage_edge.analysis.report.blocks import Section, Table
from sage_edge.analysis.report.sections import Page, compose
from sage_edge.legacy import import_folder
from tests.legacy import papers

pytestmark = pytest.mark.slow  # every scorer on every session, and thirty pictures
FLEET = Path(__file__).parents[3] / "fleet"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Page:
    folder = tmp_path_factory.mktemp("older") / "papers"
    import_folder.write(import_folder.plan(papers.real("sage/raising")), folder)
    with Corpus.open(Folder.at(folder)) as corpus:
        host = collect.subject(corpus)
        tested = evaluate.test(declarations.load(FLEET), corpus, corpus.dialogues)
        return compose(collect.gather(corpus, host, tested))


def section(made: Page, key: str) -> Section:
    (found,) = [one for one in (*made.sections, *made.appendix) if one.key == key]
    return found


def rows(made: Page, key: str, table: int = 0) -> dict[str, list[str]]:
    """A table of a section by its first column."""
    found = [block for block in section(made, key).blocks if isinstance(block, Table)][table]
    return {str(row[0]): [str(cell).replace("\u00a0", " ") for cell in row[1:]] for row in found.rows}


def test_the_five_claims_stand_on_top_with_their_verdicts(made: Page) -> None:
    told = {card.title: card.badge.text for card in made.cards}
    refuted, open_ = "not supported", "cannot tell"
    assert list(told.values())[:5] == [refuted, refuted, open_, open_, "supported"]
    assert "Identity collapsed in sessions 18 and 19." in told


def test_the_coupling_is_shown_with_and_without_the_shared_words(made: Page) -> None:
    found = rows(made, "coupling")  # legacy §6.3
    assert found["raising/1 d5-disjoint and raising/1 d9"][2].startswith("0.464 (")
    assert found["raising/1 d5 and raising/1 d9"][2].startswith("0.730 (")


def test_lengths_and_open_ends_are_those_that_were_counted_before(made: Page) -> None:
    (table,) = [block for block in section(made, "lengths").blocks if isinstance(block, Table)]
    shares = [str(row[2]).replace("\u00a0", " ") for row in table.rows]  # legacy §6.7
    assert [one.split(" ")[0] for one in shares] == ["0.00", "0.00", "0.24", "0.71", "0.78", "0.45"]
    assert [one.rsplit(" ", 1)[1] for one in shares] == ["29", "32", "25", "78", "36", "200"]


def test_the_schedule_was_kept_as_it_was_counted_before(made: Page) -> None:
    found = rows(made, "schedule")  # legacy §6.8: 40/45 and 55/64 within 10 min, 5 and 7 beyond 60
    assert [one.split(" ")[0] for one in found["within 10 min of the slot"]] == ["0.89", "0.86"]
    assert [one.split(" ")[0] for one in found["further away: at no slot"]] == ["0.11", "0.11"]
    assert found["median gap"] == ["6.0 h", "6.0 h"]
    longest = [block for block in section(made, "schedule").blocks if isinstance(block, Table)][1]
    assert [row[1:3] for row in longest.rows[:2]] == [("S040", "652.2 h"), ("T064", "622.5 h")]


def test_what_was_noted_then_stands_beside_what_was_said(made: Page) -> None:
    found = rows(made, "training")["all"]  # legacy §6.4 and §6.5: 98 of 134, 51 of 58, 34 of 48
    assert found[0].startswith("0.76 (")
    assert found[0].endswith("n = 240")


def test_nothing_is_known_of_the_host_and_of_how_answers_ended(made: Page) -> None:
    found = rows(made, "provenance")
    assert found["host"][0].startswith("0 of ")
    assert found["finish reason of every answer"][0].startswith("0 of ")


def test_the_page_is_one_file_of_a_size_that_a_phone_takes(made: Page) -> None:
    text = page.html(made)
    assert 100_000 < len(text) < 2_000_000
    assert not re.search(r"\bnan\b", text, re.IGNORECASE)
    assert "http" not in text.replace('http-equiv="', "")
