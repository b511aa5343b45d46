from __future__ import annotations

import pytest

from sage_edge.scorers.current.refinement import REFINEMENT
from tests.dialogues import marked, talk
from tests.scorers.older_sessions import sessions


@pytest.mark.parametrize(
    ("answer", "refined", "rate"),
    [
        ("Here is a Refined Version of my answer.", 1, 1),
        ("An improved version follows.", 0, 1),
        ("I refined it; this version is better.", 0, 0),
        ("Hello.", 0, 0),
    ],
)
def test_what_announces_a_better_version(answer: str, refined: int, rate: int) -> None:
    assert marked(REFINEMENT, talk(answer), quantity="refined") == [refined]
    assert marked(REFINEMENT, talk(answer)) == [rate]


def test_a_failed_turn_announces_nothing() -> None:
    assert marked(REFINEMENT, talk(None, "A refined version.")) == [1]


@pytest.mark.parametrize(
    ("first", "last", "hits", "total"), [(1, 5, 1, 25), (6, 7, 6, 8), (8, 15, 0, 32), (16, 45, 0, 135)]
)
def test_the_older_sessions_count_as_they_did(first: int, last: int, hits: int, total: int) -> None:
    marks = [
        mark
        for number in range(first, last + 1)
        for mark in marked(REFINEMENT, sessions("primary")[number], quantity="refined")
    ]
    assert (sum(marks), len(marks)) == (hits, total)
