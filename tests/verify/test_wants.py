"""Each kind of expectation holds, fails, and says what it wants and what was found."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sage_edge import sizes
from sage_edge.verify.check import Wants
from sage_edge.verify.wants import (
    Among,
    AtLeast,
    FactValue,
    Holds,
    IfThere,
    Is,
    NamedBy,
    Nothing,
    NotOlder,
    Something,
    Within,
    in_seconds,
    words,
)

DIGEST = f"sha256:0123456789ab{'c' * 52}"
OTHER = f"sha256:{'d' * 64}"
GIGABYTES = AtLeast(2e9, sizes.text)
SECONDS = Within(30.0, in_seconds)


@pytest.mark.parametrize(
    ("wants", "says", "good", "bad"),
    [
        (Is("a"), "a", ("a",), ("b", None, 1)),
        (Is(10001), "10001", (10001,), ("10001", None)),
        (Is(DIGEST), "0123456789ab", (DIGEST,), (OTHER, None)),
        (Is(DIGEST, "as provisioned"), "as provisioned", (DIGEST,), (OTHER,)),
        (IfThere(DIGEST), "0123456789ab or nothing", (DIGEST, None), (OTHER,)),
        (Among(frozenset({"b", "a"})), "a or b", ("a", "b"), ("c", None)),
        (Holds(frozenset({"video"})), "video", (frozenset({"video", "render"}),), (frozenset(), None, "video")),
        (NamedBy("0123456789ab"), "0123456789ab", (DIGEST,), (OTHER, "0123456789ab", None)),
        (Nothing("no contradiction"), "no contradiction", (frozenset(),), (frozenset({"x"}), None)),
        (Something("there"), "there", ("x", 0, ""), (None,)),
        (GIGABYTES, "at least 2.00 GB", (2_000_000_000, 3e9), (1_999_999_999, None, "3")),
        (SECONDS, "at most 30.0 s", (30.0, -30.0, 0), (30.1, -30.1, None)),
        (NotOlder((20, 10)), "20.10 or newer", ("20.10.24+dfsg1", "26.1.5"), ("20.9", "19.03", "dev", None)),
    ],
)
def test_it_judges(wants: Wants[FactValue], says: str, good: tuple[FactValue, ...], bad: tuple[FactValue, ...]) -> None:
    assert str(wants) == says
    assert {wants.judge(value).verdict for value in good} == {"ok"}
    assert {wants.judge(value).verdict for value in bad} == {"fail"}


@pytest.mark.parametrize(
    ("wants", "value", "says"),
    [
        (Is("a"), None, "nothing"),
        (Is(DIGEST), OTHER, "dddddddddddd"),
        (Nothing(), frozenset({"srv/b", "srv/a"}), "srv/a, srv/b"),
        (Nothing(), frozenset(), "none"),
        (Holds(frozenset({"runc"})), frozenset({"runc", "a", "b"}), "runc and 2 more"),
        (Holds(frozenset({"runc"})), frozenset({"runc"}), "runc"),
        (Holds(frozenset({"runc"})), frozenset({"b", "a"}), "a, b"),
        (GIGABYTES, 999_000_000, "999 MB"),
        (GIGABYTES, None, "nothing"),
        (SECONDS, -3600.04, "-3600.0 s"),
        (SECONDS, None, "nothing"),
    ],
)
def test_it_tells_what_was_found(wants: Wants[FactValue], value: FactValue, says: str) -> None:
    assert wants.judge(value).answer == says


@given(st.floats(allow_nan=False, allow_infinity=False), st.floats(min_value=0, allow_infinity=False))
def test_within_is_as_strict_both_ways(value: float, most: float) -> None:
    assert Within(most, in_seconds).holds(value) == Within(most, in_seconds).holds(-value)


@given(st.integers(0, 99), st.integers(0, 99), st.integers(0, 99), st.integers(0, 99))
def test_versions_compare_by_numbers(major: int, minor: int, a: int, b: int) -> None:
    assert NotOlder((a, b)).holds(f"{major}.{minor}.1") == ((major, minor) >= (a, b))


def test_what_is_empty_is_said() -> None:
    assert [words(None), words(frozenset()), words(0)] == ["nothing", "none", "0"]
