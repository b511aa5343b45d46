"""How old something is: by the seconds since the boot in which it was written, and else by the clock, on two sides."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sage_edge.host.clock import SKEW_S, Instant, is_within

WALLS = st.floats(0, 4e9)
PAST = st.floats(0, 1e7)


@given(WALLS, WALLS, PAST)
def test_no_setting_of_the_clock_makes_anything_older_or_younger(written: float, wall: float, passed: float) -> None:
    age = Instant(written, "boot", 100.0).age_s(Instant(wall, "boot", 100.0 + passed))
    assert abs(age - passed) < 1e-3
    assert is_within(age, 120) is (passed <= 120) or abs(passed - 120) < 1e-3


@given(WALLS, WALLS, st.sampled_from(["", "before"]))
def test_what_another_boot_wrote_is_young_on_neither_side(written: float, wall: float, boot: str) -> None:
    age = Instant(written, boot, 1e6).age_s(Instant(wall, "boot", 100.0))
    assert age == wall - written
    assert is_within(age, 120) is (-SKEW_S <= wall - written <= 120)


def test_what_this_boot_has_not_reached_is_of_the_future() -> None:
    """A copied or forged file: no clock is asked instead."""
    assert Instant(0.0, "boot", 200.0).age_s(Instant(0.0, "boot", 100.0)) == -100.0
