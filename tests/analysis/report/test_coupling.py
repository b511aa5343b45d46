"""Couplings: with the words that both scores count, and without."""

from __future__ import annotations

import random

from sage_edge.analysis.report.blocks import Figure, Section, Table
from sage_edge.analysis.report.content import ReportContent
from sage_edge.analysis.report.coupling import section
from tests.analysis.report.contents import series


def made(count: int, *, constant: bool = False) -> ReportContent:
    """Scores of `count` sessions in which d5 and d9 are coupled, and d5-disjoint is not."""
    dice = random.Random(1)
    shared = {number: [0.5 if constant else dice.random()] for number in range(1, count + 1)}
    own = {number: [dice.random()] for number in shared}
    return ReportContent(
        "tests",
        series=(
            series(shared, "raising", "d5"),
            series({n: [0.9 * v] for n, (v,) in shared.items()}, "raising", "d9"),
            series(own, "raising", "d5-disjoint"),
        ),
    )


def table(found: Section | None) -> Table:
    assert found is not None
    (one,) = [block for block in found.blocks if isinstance(block, Table)]
    return one


def test_the_window_of_the_claim_and_all_sessions_with_and_without_shared_words() -> None:
    rows = table(section(made(30))).rows
    assert [row[1:3] for row in rows] == [
        ("sessions 11 to 20", "yes"),
        ("sessions 11 to 20", "no"),
        ("all sessions", "yes"),
        ("all sessions", "no"),
    ]
    assert str(rows[0][3]).startswith("1.000 (")
    assert str(rows[2][3]).endswith("30")
    assert rows[0][0] == "raising/1 d5 and raising/1 d9"
    assert rows[1][0] == "raising/1 d5-disjoint and raising/1 d9"


def test_both_clouds_of_a_window_stand_in_one_picture() -> None:
    found = section(made(30))
    assert found is not None
    pictures = [block for block in found.blocks if isinstance(block, Figure)]
    assert len(pictures) == 2
    assert "shared words in both" in pictures[0].draw()
    assert "without them (d5-disjoint)" in pictures[0].draw()
    assert "n = 10" in pictures[0].draw()
    assert "n = 30" in pictures[1].draw()


def test_constant_scores_have_no_correlation_and_it_says_so() -> None:
    found = section(made(12, constant=True))
    assert str(table(found).rows[2][3]).startswith("none (no variation)")
    assert str(table(found).rows[3][3]).startswith("none (no variation)")


def test_two_sessions_are_too_few() -> None:
    assert str(table(section(made(2))).rows[0][3]).startswith("none (needs n >= 3)")


def test_without_pairs_there_is_no_section() -> None:
    assert section(ReportContent("tests")) is None
    assert section(ReportContent("tests", series=(series({1: [0.5]}, "raising", "d5"),))) is None


def test_our_own_scorers_stand_beside_the_old_ones() -> None:
    scores = {number: [float(number % 2), float(number % 3 == 0)] for number in range(1, 20)}
    rows = table(section(ReportContent("tests", series=(series(scores), series(scores, "grounding"))))).rows
    assert rows[0][:3] == ("identity/1 rate and grounding/1 rate", "all sessions", "no")
