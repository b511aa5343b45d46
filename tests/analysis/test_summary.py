"""A window says its n and its interval, or why it has none."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sage_edge import files
from sage_edge.analysis.series import Point, Series
from sage_edge.analysis.summary import WindowNumber, windows
from sage_edge.names import Slug
from sage_edge.scorers import Mark, QuantityKind, wilson
from sage_edge.scorers.clustered import SessionTotal, rate_over_sessions


def series(kind: QuantityKind, *sessions: list[float], numbers: list[int] | None = None) -> Series:
    points = tuple(
        Point(
            number,
            f"P{number:03d}",
            files.digest(str(number).encode()),
            None,
            "phase",
            "observe/1",
            tuple(Mark(turn, value) for turn, value in enumerate(marks, start=1)),
        )
        for number, marks in zip(numbers or range(1, 99), sessions, strict=False)
    )
    return Series(Slug("a-scorer"), 1, Slug("a-quantity"), kind, files.digest(b""), "primary", points)


def one(found: Series) -> WindowNumber:
    (window,) = windows(found)
    return window


def test_a_rate_pools_its_answers() -> None:
    found = one(series("rate", [1, 0, 1], [0, 1]))
    assert (found.first, found.last, found.sessions, found.n, found.value) == ("P001", "P002", 2, 5, 0.6)
    assert (found.low, found.high) == rate_over_sessions([SessionTotal(2, 3), SessionTotal(1, 2)])


def test_a_rate_of_nothing_but_hits_still_has_an_interval() -> None:
    assert (one(series("rate", [1.0])).low, one(series("rate", [1.0])).high) == wilson(1, 1)


def test_a_whole_counts_sessions() -> None:
    found = one(series("whole", [0.2], [0.4], [0.9]))
    assert (found.n, found.value) == (3, 0.5)
    assert found.low is not None
    assert found.low < 0.5


@pytest.mark.parametrize(
    ("sessions", "note"),
    [
        ([[0.3]], "n = 1: no spread, so no interval"),
        ([[0.3, 0.3], [0.3]], "all 3 are the same: no spread, so no interval"),
    ],
)
def test_without_spread_there_is_no_interval(sessions: list[list[float]], note: str) -> None:
    found = one(series("mean", *sessions))
    assert found.value == pytest.approx(0.3)
    assert (found.low, found.high, found.note) == (None, None, note)


def test_windows_go_by_session_numbers() -> None:
    found = list(windows(series("rate", [1], [0], [1], numbers=[1, 10, 21]), 10))
    assert [(window.first, window.last, window.value) for window in found] == [
        ("P001", "P010", 0.5),
        ("P021", "P021", 1.0),
    ]


def test_no_session_no_window() -> None:
    assert list(windows(series("mean"))) == []
    assert list(windows(series("mean"), 5)) == []


@given(st.lists(st.lists(st.floats(0, 1), min_size=1, max_size=6), min_size=1, max_size=8))
def test_the_interval_holds_the_value_and_nothing_is_nan(sessions: list[list[float]]) -> None:
    for kind in ("mean", "whole"):
        found = one(series(kind, *sessions))
        assert math.isfinite(found.value)
        if found.low is not None and found.high is not None:
            assert 0 <= found.low <= found.value + 1e-12
            assert found.value - 1e-12 <= found.high <= 1
        else:
            assert found.note
