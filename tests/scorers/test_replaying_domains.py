"""Legacy §6.1-§6.3, replayed: D4, D5 and D9 by three definitions, and what their coupling is worth."""

from __future__ import annotations

from collections.abc import Callable
from statistics import correlation

import pytest

from sage_edge.records.dialogue import Exchange
from sage_edge.scorers.legacy import edge, nine_domains, semantic
from sage_edge.scorers.legacy.edge import EDGE
from sage_edge.scorers.legacy.nine_domains import RAISING
from sage_edge.scorers.legacy.semantic import SEMANTIC
from tests.scorers.older_sessions import answers, means, numbers, rows, sessions

EDGE_AND_SEMANTIC = """
    16 .583 .533 .333 .19 unstable  .640 .530 .580 0
    17 .617 .567 .367 .21 unstable  .613 .503 .600 0
    18 .633 .533 .467 .13 unstable  .597 .503 .720 0
    19 .467 .383 .350 .20 collapsed .537 .557 .480 1
    20 .500 .450 .500 .03 unstable  .563 .430 .447 2
    21 .483 .583 .467 .09 unstable  .630 .563 .427 1
    22 .600 .500 .433 .11 unstable  .723 .720 .847 0
"""
RAISED = """
    11 .463 .500 .700 .586 .854
    12 .412 .500 .600 .561 .830
    13 .400 .225 .300 .463 .815
    14 .400 .425 .600 .535 .825
    15 .412 .450 .600 .538 .834
    16 .417 .500 .700 .570 .829
    17 .383 .500 .700 .563 .827
    18 .383 .433 .567 .526 .837
    19 .400 .533 .700 .565 .819
    20 .383 .467 .567 .535 .844
"""
COUPLING = """
    1 10  .122  .805 -.223
    11 20 -.040 .478 .953 .791
    16 20 -.055 .222 .881
    16 21 .128 -.082 .469
    16 22 .122  .622 .458
    1 20  .088  .626 .790 .622
    21 45 -.064 .676 .561 -.098
    16 45 .090  .615 .638
    1 45  .096  .675 .730 .464
"""
PRINTED = 5.001e-4
"""Half a unit of the third decimal, which is what the tables print."""


def edge_session(number: int) -> edge.EdgeDomains:
    return edge.session([edge.domains(one.reply) for _, one in answers(number, number)])


@pytest.mark.parametrize("row", rows(EDGE_AND_SEMANTIC), ids=lambda row: row[0])
def test_edge_and_its_drift_and_state(row: list[str]) -> None:
    found = edge_session(int(row[0]))
    assert list(found) == numbers(row[1:4])
    assert (edge.drift(found), edge.state(found)) == (float(row[4]), row[5])
    assert means(EDGE, int(row[0]), "d4", "d5", "d9") == pytest.approx(numbers(row[1:4]), abs=PRINTED)


@pytest.mark.parametrize("row", rows(EDGE_AND_SEMANTIC), ids=lambda row: row[0])
def test_semantic_and_its_hedging(row: list[str]) -> None:
    assert means(SEMANTIC, int(row[0]), "d4", "d5", "d9") == pytest.approx(numbers(row[6:9]), abs=PRINTED)
    hedging = SEMANTIC.score(sessions("primary")[int(row[0])], ())["ai-hedging"]
    assert (sum(mark.value for mark in hedging), len(hedging)) == (int(row[9]), 3)


@pytest.mark.parametrize("row", rows(RAISED), ids=lambda row: row[0])
def test_raising_with_its_coherence(row: list[str]) -> None:
    found = means(RAISING, int(row[0]), "d4", "d5", "d9", "coherence", "gamma")
    assert found == pytest.approx(numbers(row[1:]), abs=PRINTED)


@pytest.mark.parametrize("row", rows(COUPLING), ids=lambda row: f"S{row[0]}-S{row[1]}")
def test_the_coupling_of_trust_and_identity(row: list[str]) -> None:
    window = range(int(row[0]), int(row[1]) + 1)
    of_edge = [edge_session(number) for number in window]
    found = [
        correlation([one.d5 for one in of_edge], [one.d9 for one in of_edge]),
        correlation(*zip(*(means(SEMANTIC, number, "d5", "d9") for number in window), strict=True)),
        correlation(*zip(*(means(RAISING, number, "d5", "d9") for number in window), strict=True)),
        correlation(*zip(*(means(RAISING, number, "d5-disjoint", "d9") for number in window), strict=True)),
    ]
    assert found[: len(row) - 2] == pytest.approx(numbers(row[2:]), abs=PRINTED)


@pytest.mark.parametrize(
    ("pair", "expected"),
    [
        (lambda one: edge.domains(one.reply)[1:], 0.083),
        (lambda one: semantic.domains(one.reply)[1:], 0.470),
        (lambda one: nine_domains.domains(one.prompt, one.reply)[4::4], 0.660),
    ],
    ids=["edge", "semantic", "raising"],
)
def test_the_coupling_over_single_answers(pair: Callable[[Exchange], tuple[float, float]], expected: float) -> None:
    found = [pair(one) for _, one in answers(1, 45)]
    assert len(found) == 200
    assert correlation(*zip(*found, strict=True)) == pytest.approx(expected, abs=PRINTED)


def test_the_famous_coupling_has_four_values_of_identity() -> None:
    found = [means(RAISING, number, "d9")[0] for number in range(11, 21)]
    assert sorted({round(value, 3) for value in found}) == [0.3, 0.567, 0.6, 0.7]


def test_edge_is_mostly_silent() -> None:
    found = [edge.domains(one.reply) for _, one in answers(1, 45)]
    assert [sum(one[at] == edge.BASE for one in found) for at in range(3)] == [129, 172, 108]
    assert sum(set(one) == {edge.BASE} for one in found) == 56


def test_the_narrated_collapse_of_session_18_is_not_in_its_text() -> None:
    found = {number: edge_session(number) for number in range(16, 22)}
    assert (found[18] == (0.4, 0.45, 0.3), found[20] == (0.4, 0.367, 0.317)) == (False, False)
    assert found[18].d9 >= sorted(one.d9 for one in found.values())[-3]
    assert max(found, key=lambda number: means(SEMANTIC, number, "d9")[0]) == 18
    assert answers(18, 18)[0][1].reply.startswith("As SAGE")
