"""Times and durations, as they are written and as they are read."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from sage_edge import clock
from sage_edge.clock import Duration, SetClock, SystemClock

ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
MOMENTS = st.datetimes(datetime(1, 1, 3), datetime(9999, 12, 29), timezones=ZONES)


@given(seconds=st.integers(0, 10**9))
def test_a_duration_reads_what_it_writes(seconds: int) -> None:
    duration = Duration(seconds=seconds)
    assert Duration.parse(str(duration)) == duration


@pytest.mark.parametrize(
    ("text", "seconds"), [("6h", 21600), ("90m", 5400), ("1h30m", 5400), ("2d", 172800), ("0s", 0), ("1d1h1m1s", 90061)]
)
def test_durations_as_people_write_them(text: str, seconds: int) -> None:
    assert Duration.parse(text).total_seconds() == seconds


@pytest.mark.parametrize("text", ["", "6", "h", "6 h", "-1h", "1m1h", "6H", "1.5h", None, 6, "9" * 30 + "d"])
def test_no_duration(text: object) -> None:
    with pytest.raises(ValueError, match="expected a duration like 6h"):
        Duration.parse(text)


@given(moment=MOMENTS)
def test_a_moment_reads_what_it_writes_to_the_millisecond(moment: datetime) -> None:
    written = clock.text(moment)
    assert written.endswith("+00:00")
    assert clock.text(clock.parse(written)) == written
    assert abs(clock.parse(written) - moment) < timedelta(milliseconds=1)


@pytest.mark.parametrize(
    "written", ["2026-11-20T06:00:00Z", "2026-11-20T08:00:00+02:00", "2026-11-20T06:00:00.000+00:00"]
)
def test_every_offset_means_the_same_moment(written: str) -> None:
    assert clock.text(clock.parse(written)) == "2026-11-20T06:00:00.000+00:00"


@pytest.mark.parametrize("written", ["2026-06-30T23:59:60Z", "2026-07-01T08:59:60+09:00", "2026-06-30T23:59:60+00:00"])
def test_a_leap_second_is_the_one_after_it(written: str) -> None:
    assert clock.text(clock.parse(written)) == "2026-07-01T00:00:00.000+00:00"


@pytest.mark.parametrize("written", ["9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+01:00", "9999-12-31T23:59:60Z"])
def test_beyond_the_calendar_there_is_no_moment(written: str) -> None:
    with pytest.raises(ValueError, match="expected a time with offset"):
        clock.parse(written)


@pytest.mark.parametrize(
    "written",
    [
        "",
        "now",
        "2026-06-30T23:58:60Z",
        "2026-06-30T23:59:61Z",
        "2026-11-20",
        "2026-11-20T06:00:00",
        "2026-13-01T00:00:00Z",
    ],
)
def test_a_time_without_offset_is_none(written: str) -> None:
    with pytest.raises(ValueError, match="expected a time with offset"):
        clock.parse(written)


@given(text=st.text(max_size=30))
def test_any_text_is_a_moment_or_a_value_error(text: str) -> None:
    try:
        assert clock.parse(text).tzinfo == timezone.utc
    except ValueError:
        return


def test_a_set_clock_runs_on_from_its_start() -> None:
    start = clock.parse("2026-11-20T06:00:00Z")
    watch = SetClock(start)
    first = watch.now()
    assert start <= first <= watch.now()
    assert (watch.source, SystemClock().source) == ("set", "system")
    assert SystemClock().now().tzinfo == timezone.utc


@pytest.mark.parametrize("watch", [SystemClock(), SetClock(datetime(2026, 1, 1, tzinfo=timezone.utc))])
def test_waiting_ends_at_once_when_asked_to_stop(watch: clock.Clock) -> None:
    stop = threading.Event()
    stop.set()
    watch.wait(3600, stop)


class _Paper(BaseModel):
    every: Duration


def test_a_declaration_takes_a_duration_as_text() -> None:
    assert _Paper.model_validate({"every": "6h"}).every == timedelta(hours=6)
    assert _Paper(every=Duration(hours=6)).model_dump(mode="json") == {"every": "6h"}
    with pytest.raises(ValidationError, match="expected a duration"):
        _Paper.model_validate({"every": 6})
