"""A size in words is near the size, in the unit that a person would choose."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sage_edge import sizes

_SCALE = {"B": 1, "kB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12}


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (999.6, "1.00 kB"),
        (4_632_468, "4.63 MB"),
        (9_996_000, "10.0 MB"),
        (99_960_000, "100 MB"),
        (807_000_000, "807 MB"),
        (999_600_000, "1.00 GB"),
        (12_345_678_901, "12.3 GB"),
        (5e15, "5000 TB"),
        (-1_500_000, "-1.50 MB"),
    ],
)
def test_three_digits_and_a_unit(count: float, words: str) -> None:
    assert sizes.text(count) == words


@given(st.integers(min_value=1, max_value=10**15))
def test_what_is_read_back_is_half_a_percent_off_at_most(count: int) -> None:
    value, unit = sizes.text(count).split()
    assert abs(float(value) * _SCALE[unit] - count) <= 0.00501 * count
    assert unit in ("B", "TB") or 1 <= float(value) < 1000
