from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sage_edge.analysis.statistics import scaling
from sage_edge.analysis.statistics.power import BEYOND

# legacy §6.9: three models, three questions each
SIZES = [0.494, 2.7, 7.0]
MEANS = [13.3226, 45.5861, 110.0351]
PER_WORD = [39.97 / 264, 136.76 / 209, 330.10 / 251]


def test_the_fits_of_the_legacy_table() -> None:
    power, affine = scaling.power_law(SIZES, MEANS), scaling.affine(SIZES, MEANS)
    assert [power.a, power.b] == pytest.approx([22.568, 0.788], abs=5e-4)
    assert power.r_squared == pytest.approx(0.996, abs=5e-4)
    assert [affine.a, affine.b] == pytest.approx([5.746, 14.882], abs=5e-4)
    assert affine.r_squared == pytest.approx(1, abs=5e-4)


def test_the_fits_per_word_and_what_they_say_of_larger_models() -> None:
    power, affine = scaling.power_law(SIZES, PER_WORD), scaling.affine(SIZES, PER_WORD)
    assert [power.a, power.b] == pytest.approx([0.2751, 0.821], abs=5e-4)
    assert [affine.a, affine.b] == pytest.approx([0.1109, 0.1754], abs=5e-5)
    assert [power.r_squared, affine.r_squared] == pytest.approx([0.998, 0.989], abs=5e-4)
    assert [power.at(14.8), affine.at(14.8)] == pytest.approx([2.513, 2.707], abs=5e-4)
    assert [power.at(30.5), affine.at(30.5)] == pytest.approx([4.549, 5.461], abs=5e-4)


def test_three_points_know_the_exponent_badly() -> None:
    value, chance = scaling.exponent(SIZES, PER_WORD)
    assert value.holds(1.0)
    assert value.holds(0.5)
    assert (chance.p or 0) > 0.05
    error = scaling.slope_error(SIZES, PER_WORD)
    assert error is not None
    assert scaling.sizes_needed(0.18, error, 3) == 5
    assert scaling.sizes_needed(0.001, error, 3) == BEYOND


def test_a_ratio_per_word_as_in_the_legacy_table() -> None:
    value, chance = scaling.ratio(
        [110.09, 108.13, 111.88], [85, 83, 83], [13.28, 13.29, 13.40], [88, 93, 83], against=14.17
    )
    assert value.value == pytest.approx(8.687, abs=1e-3)
    assert value.holds(8.26)
    assert not value.holds(14.17)
    assert (chance.p or 1) < 0.01
    assert scaling.deviation(value) == pytest.approx(0.0453, abs=5e-4)


def test_a_ratio_that_is_the_same_for_every_question() -> None:
    value, chance = scaling.ratio([2.0, 4.0], [1, 1], [1.0, 2.0], [1, 1], against=1)
    assert value.value == pytest.approx(2)
    assert (value.low, value.undefined) == (None, "interval: no variation")
    assert chance.undefined == "no variation"
    assert scaling.ratio([], [], [], [], against=1)[0].undefined == "needs n >= 1"
    assert scaling.ratio([2.0], [1], [1.0], [1], against=1)[0].undefined == "interval: needs n >= 2"
    with pytest.raises(ValueError, match="without interval"):
        scaling.deviation(value)


@pytest.mark.parametrize(("sizes", "reason"), [([1.0], "needs n >= 2"), ([2.0, 2.0], "no variation")])
def test_no_fit_where_there_cannot_be_one(sizes: list[float], reason: str) -> None:
    costs = [1.0] * len(sizes)
    for fit in (scaling.affine(sizes, costs), scaling.power_law(sizes, costs)):
        assert (fit.a, fit.b, fit.undefined, fit.at(1.0)) == (None, None, reason, None)
    assert scaling.exponent(sizes, costs)[0].undefined == reason


def test_points_on_the_law_have_no_scatter() -> None:
    value, chance = scaling.exponent([1, 2, 4, 8], [3, 6, 12, 24])
    assert value.value == pytest.approx(1)
    assert (value.undefined, chance.undefined) == ("interval: no scatter", "no scatter")


def test_nonsense_is_refused() -> None:
    with pytest.raises(ValueError, match="above 0"):
        scaling.power_law([1, 2], [0, 1])
    with pytest.raises(ValueError, match="a cost for each"):
        scaling.affine([1, 2], [1])
    with pytest.raises(ValueError, match="above 0"):
        scaling.ratio([1.0], [0.0], [1.0], [1.0], against=1)


@given(st.floats(0.1, 10), st.floats(-2, 2), st.lists(st.floats(0.1, 100), min_size=2, max_size=8, unique=True))
def test_an_exact_law_is_found_again(a: float, b: float, sizes: list[float]) -> None:
    spread = math.log(max(sizes)) - math.log(min(sizes))
    fit = scaling.power_law(sizes, [a * size**b for size in sizes])
    if fit.b is not None and spread > 0.01:
        assert fit.b == pytest.approx(b, abs=1e-6)
        assert fit.a == pytest.approx(a, rel=1e-4)
