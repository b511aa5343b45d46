"""One state or two: the words follow from the tests."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

from sage_edge.analysis.report.blocks import Figure, Table
from sage_edge.analysis.report.content import ReportContent
from sage_edge.analysis.report.distribution import section
from tests.analysis.report.contents import series


def said(scores: Mapping[int, Sequence[float]]) -> str:
    """What is said about the distribution of some sessions."""
    found = section(ReportContent("tests", series=(series(scores, "edge", "d9"),)))
    assert found is not None
    (caption,) = [block.caption for block in found.blocks if isinstance(block, Figure)]
    assert caption.startswith(f"edge/1 d9, n = {len(scores)} session")
    return caption.split(". ", 1)[1] if ". " in caption else caption


def near(middle: float, dice: random.Random, answers: int = 4) -> list[float]:
    return [min(1.0, max(0.0, dice.gauss(middle, 0.02))) for _ in range(answers)]


def test_one_heap_is_one_peak() -> None:
    dice = random.Random(1)
    assert said({number: near(0.5, dice) for number in range(1, 61)}) == "One peak explains it."


def test_two_heaps_are_two_peaks() -> None:
    dice = random.Random(1)
    assert said({n: near(0.2 if n % 2 else 0.8, dice) for n in range(1, 61)}) == (
        "More than one peak. Dashed: where two states would lie, if there were two."
    )


def test_a_grid_looks_peaked_and_is_not() -> None:
    dice = random.Random(2)
    scores = {number: [float(dice.random() < 0.15) for _ in range(5)] for number in range(1, 61)}
    assert "no more than the same answers do when they are dealt" in said(scores)


def test_constant_scores_and_few_sessions_say_so() -> None:
    assert "no variation" in said({number: [0.5] for number in range(1, 10)})
    assert "needs n >= 4" in said({1: [0.5], 2: [0.6]})


def test_every_number_stands_with_its_score_and_n() -> None:
    dice = random.Random(1)
    scores = {number: near(0.5, dice) for number in range(1, 21)}
    found = section(ReportContent("tests", series=(series(scores, "edge", "d9"), series(scores, "raising", "d9"))))
    assert found is not None
    (table,) = [block for block in found.blocks if isinstance(block, Table)]
    assert [row[:2] for row in table.rows] == [("edge/1 d9", "20"), ("raising/1 d9", "20")]
    assert "adjusted for 2 scores (Holm)" in table.note
    assert section(ReportContent("tests")) is None
