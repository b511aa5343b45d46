from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sage_edge.analysis.statistics.variance import components
from tests.analysis.statistics.scores import is_chance, is_sound, rows

# P. E. Shrout, J. L. Fleiss 1979, table 2: four judges of six targets, ICC(1,1) = 0.17
TARGETS = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]


def test_the_published_example() -> None:
    found = components(TARGETS)
    assert found.share.value == pytest.approx(0.166, abs=5e-4)
    assert [found.share.low, found.share.high] == pytest.approx([-0.133, 0.723], abs=5e-4)
    assert found.chance.p == pytest.approx(0.165, abs=5e-4)
    assert found.within == pytest.approx(6.264, abs=5e-4)  # the table's mean square within targets
    assert (found.sessions, found.answers) == (6, 24)


def test_the_components_are_those_that_made_the_data() -> None:
    draw = np.random.default_rng(9)
    level = draw.normal(0, 2, 400)
    groups = [
        (mean + draw.normal(0, 1, size)).tolist() for mean, size in zip(level, draw.integers(2, 7, 400), strict=True)
    ]
    found = components(groups)
    assert found.within == pytest.approx(1, abs=0.1)
    assert found.between == pytest.approx(4, abs=0.6)
    assert found.share.holds(0.8)


@pytest.mark.parametrize(
    ("groups", "reason"),
    [
        ([], "needs n >= 2 sessions"),
        ([[0.1, 0.2]], "needs n >= 2 sessions"),
        ([[0.1], [0.2], []], "needs n >= 2 answers in a session"),
        ([[0.1, 0.1], [0.2, 0.2]], "no variation within sessions"),
    ],
)
def test_no_components_where_there_cannot_be_any(groups: list[list[float]], reason: str) -> None:
    found = components(groups)
    assert (found.within, found.between, found.share.value, found.share.undefined) == (None, None, None, reason)
    assert found.chance.undefined == reason


@given(st.lists(rows(0, 5), max_size=6))
def test_any_sessions_give_a_sound_answer(groups: list[list[float]]) -> None:
    found = components(groups)
    assert is_sound(found.share)
    assert is_chance(found.chance)
    again = components([group[::-1] for group in groups[::-1]])
    assert (again.within is None) == (found.within is None)
    if found.within is not None:
        assert again.within == pytest.approx(found.within, abs=1e-9)
        assert (found.between or 0) >= 0
