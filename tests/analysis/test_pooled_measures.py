"""Several sessions as one measure: answers are added, and different measures are never mixed."""

from __future__ import annotations

import pytest

from sage_edge.analysis.pooled_measures import pooled
from sage_edge.records.study import Measure
from sage_edge.scorers import EARLIER_IDENTITY, Mark, mean_interval, measures
from sage_edge.scorers.clustered import SessionTotal, rate_over_sessions
from tests.analysis.corpus.counting import LOOKING_BACK


def rate(*values: float) -> Measure:
    (found,) = measures(EARLIER_IDENTITY, {"rate": [Mark(1, value) for value in values]})
    return found


def whole(value: float) -> Measure:
    return measures(LOOKING_BACK, {"before": [Mark(0, value)]})[0]


def test_nothing_and_one_stay_what_they_are() -> None:
    assert pooled([]) is None
    assert pooled([rate(1, 0)]) == rate(1, 0)


def test_rates_add_their_answers() -> None:
    found = pooled([rate(1, 1, 1), rate(), rate(0)])
    assert found is not None
    assert (found.hits, found.n, found.value) == (3, 4, 0.75)
    assert (found.low, found.high) == rate_over_sessions([SessionTotal(3, 3), SessionTotal(0, 1)])


def test_a_number_of_a_whole_session_varies_over_sessions() -> None:
    found = pooled([whole(0.2), whole(0.6)])
    assert found is not None
    assert (found.hits, found.n) == (None, 2)
    assert found.value == pytest.approx(0.4)
    assert (found.low, found.high) == mean_interval([0.2, 0.6])


def test_no_answers_have_no_value() -> None:
    found = pooled([rate(), rate()])
    assert found is not None
    assert (found.n, found.value, found.low, found.high) == (0, None, 0.0, 1.0)


def test_other_definitions_are_never_mixed() -> None:
    with pytest.raises(ValueError, match="never averaged"):
        pooled([rate(1), whole(0.5)])
