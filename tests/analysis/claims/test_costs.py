from __future__ import annotations

from typing import Any

import pytest

from sage_edge.analysis.claims import evaluate
from sage_edge.records.claim import ClaimFinding
from tests.analysis.claims.shelf import Shelf, declare

SMALL: dict[str, Any] = {"model": "small", "size": 0.5, "seconds": [10.0, 11.0, 10.5], "words": [80, 85, 82]}
LARGE: dict[str, Any] = {
    "model": "large",
    "size": 7.0,
    "seconds": [80.0, 86.0, 83.0],
    "words": [80, 84, 83],
    "note": "run at night",
}


def middle(*sizes: float) -> list[dict[str, Any]]:
    """Return models whose time grows by a power of 0.8 of their size, nearly."""
    return [
        {"model": f"m{at}", "size": size, "seconds": [20 * size**0.8 * (1 + 0.02 * (-1) ** at)], "words": [80]}
        for at, size in enumerate(sizes)
    ]


def judge(rows: list[dict[str, Any]], **claim: Any) -> ClaimFinding:
    told = {"scope": "law", "timing": "here", "comparison": "at-most", **claim}
    declared = declare({"here": {"source": "a table", "rows": rows}}, it=told)
    (found,) = evaluate.test(declared, Shelf(), ())
    return found


def ratio(rows: list[dict[str, Any]], threshold: float = 12.5, per: str = "word") -> ClaimFinding:
    cost = {"label": "per word", "model": "large", "base": "small", "per": per}
    return judge(rows, test="ratio", replay=cost, correct=cost, threshold=threshold)


def exponent(rows: list[dict[str, Any]]) -> ClaimFinding:
    growth = {"label": "all", "models": [row["model"] for row in rows], "per": "answer"}
    return judge(rows, test="exponent", replay=growth, correct=growth, threshold=0.9)


def test_less_than_in_proportion_is_supported() -> None:
    found = ratio([SMALL, LARGE])
    assert found.verdict == "supported"
    assert found.corrected.value == pytest.approx(7.9, abs=0.1)
    assert (found.corrected.unit, found.corrected.n, found.track) == ("questions", 3, None)
    assert found.corrected.recorded_in == "a table"
    assert found.corrected.scored_by == ()
    assert found.corrected.notes == ("the sizes are 14.00 to 1, which p is against", "large: run at night")
    assert found.evidence == ()


def test_the_ratio_of_answers_differs_from_that_of_words() -> None:
    short = LARGE | {"seconds": [40.0, 43.0, 41.5], "words": [40, 42, 41.5]}
    assert ratio([SMALL, short], per="answer").corrected.value == pytest.approx(3.95, abs=0.01)
    assert ratio([SMALL, short]).corrected.value == pytest.approx(7.9, abs=0.1)


def test_one_question_has_no_interval_and_cannot_tell() -> None:
    one = [row | {"seconds": row["seconds"][:1], "words": row["words"][:1]} for row in (SMALL, LARGE)]
    found = ratio(one)
    assert found.verdict == "cannot tell"
    assert found.corrected.undefined == "interval: needs n >= 2"


def test_a_ratio_near_that_of_the_sizes_names_the_questions_it_takes() -> None:
    near = LARGE | {"seconds": [120.0, 160.0, 138.0]}
    found = ratio([SMALL, near])
    assert found.verdict == "cannot tell"
    assert found.needs is not None
    assert found.needs > 3
    assert found.told == f"cannot tell: needs {found.needs - 3} questions more (n >= {found.needs})"


def test_three_sizes_cannot_tell_a_law() -> None:
    found = exponent(middle(0.5, 2.7, 7.0))
    assert found.verdict == "cannot tell"
    assert found.told == "cannot tell: needs 2 sizes more (n >= 5)"
    assert "3 points cannot choose between two forms of two coefficients" in found.corrected.notes
    assert any(note.startswith("power law ") and "affine" in note for note in found.corrected.notes)


def test_many_sizes_can() -> None:
    found = exponent(middle(0.5, 1, 2, 4, 8, 16, 32))
    assert found.verdict == "supported"
    assert found.corrected.value == pytest.approx(0.8, abs=0.01)


def test_sizes_that_are_all_the_same_have_no_law() -> None:
    assert exponent(middle(2, 2)).told == "cannot tell: no variation"
