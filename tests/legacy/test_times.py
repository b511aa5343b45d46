"""Local Pacific time without offset → UTC, in every spelling; the two hours of the year that are no plain ones."""

from __future__ import annotations

import zoneinfo
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from sage_edge import clock, hints
from sage_edge.legacy import heads, times
from sage_edge.legacy.errors import ZoneMissing


def utc(raw: JsonValue) -> str | None:
    found = times.read(raw)
    return clock.text(found.moment) if found.moment else None


@pytest.mark.parametrize(
    ("raw", "moment", "is_assumed"),
    [
        ("2026-01-13T06:02:17.147558", "2026-01-13T14:02:17.147+00:00", True),
        ("2026-07-13T06:02:17", "2026-07-13T13:02:17.000+00:00", True),
        ("2025-11-05 04:01:09", "2025-11-05T12:01:09.000+00:00", True),
        ("20260301_003742", "2026-03-01T08:37:42.000+00:00", True),
        ("2026-03-08T01:59:59", "2026-03-08T09:59:59.000+00:00", True),
        ("2026-03-08T03:00:00", "2026-03-08T10:00:00.000+00:00", True),
        ("2026-01-13T06:02:17Z", "2026-01-13T06:02:17.000+00:00", False),
        ("2026-01-13T06:02:17.5+01:00", "2026-01-13T05:02:17.500+00:00", False),
        ("2026-01-13T06:02:17-0800", "2026-01-13T14:02:17.000+00:00", False),
        ("2026-01-13 06:02", "2026-01-13T14:02:00.000+00:00", True),
        (1768300000, "2026-01-13T10:26:40.000+00:00", False),
        (1768300000500, "2026-01-13T10:26:40.500+00:00", False),
    ],
)
def test_every_spelling(raw: JsonValue, moment: str, is_assumed: bool) -> None:
    assert utc(raw) == moment
    assert times.read(raw).is_assumed == is_assumed
    assert times.read(raw).repair is None


def test_an_hour_that_happened_twice() -> None:
    found = times.read("2025-11-02T01:30:00")
    assert found.moment is not None
    assert found.later is not None
    assert clock.text(found.moment) == "2025-11-02T08:30:00.000+00:00"
    assert clock.text(found.later) == "2025-11-02T09:30:00.000+00:00"
    assert "happened twice" in str(found.repair)


def test_an_hour_that_does_not_exist() -> None:
    assert utc("2026-03-08T02:30:00") == "2026-03-08T10:30:00.000+00:00"
    assert "does not exist" in str(times.read("2026-03-08T02:30:00").repair)


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "yesterday",
        "2026-13-01T00:00:00",
        "2026-02-30T00:00:00",
        "2026-01-13",
        True,
        None,
        [],
        {},
        3,
        -1,
        1e300,
        "9999-12-31T23:59:59",
        "0001-01-01T00:00:00+14:00",
        "2026-01-13T06:02:17+99:00",
    ],
)
def test_what_is_no_time_is_told(raw: JsonValue) -> None:
    found = times.read(raw)
    assert found.moment is None
    assert found.repair


def test_date_and_time_apart() -> None:
    assert times.joined("2026-01-13", "06:02:17") == "2026-01-13T06:02:17"
    assert times.joined("2026-01-13", "noon") is None
    assert times.joined("today", "06:02") is None


@given(st.one_of(st.text(max_size=30), st.floats(), st.integers(), st.datetimes().map(str)))
def test_a_time_is_read_or_told(raw: str | float) -> None:
    found = times.read(raw)
    assert (found.moment is not None) or found.repair


# --- start and end of a session ---


@pytest.mark.parametrize(
    ("said", "started", "ended", "told"),
    [
        ({"start": "2026-01-13T06:00:00", "end": "2026-01-13T06:01:00"}, "14:00:00", "14:01:00", ""),
        ({"started": "2026-01-13T06:00:00", "ended": None}, "14:00:00", None, ""),
        ({"start": "soon", "started_at": "2026-01-13T06:00:00"}, "14:00:00", None, "'soon' is no time"),
        ({"timestamp": "2026-01-13T06:00:00"}, "14:00:00", None, "its only time stands for it"),
        ({"date": "2026-01-13", "time": "06:00"}, "14:00:00", None, ""),
        ({"date": "2026-01-13T06:00:00"}, "14:00:00", None, ""),
        ({"date": "2026-01-13"}, None, None, "is a day without a time"),
        ({}, None, None, ""),
    ],
)
def test_when_it_was(said: dict[str, JsonValue], started: str | None, ended: str | None, told: str) -> None:
    found = heads.when([said], [])
    assert (found.started and f"{found.started:%H:%M:%S}") == started
    assert (found.ended and f"{found.ended:%H:%M:%S}") == ended
    assert told in "; ".join(found.repairs)
    assert bool(told) == bool(found.repairs)
    assert found.assumed_zone == (times.ZONE if started else None)


def test_a_day_alone_is_no_start_and_is_remarked() -> None:
    found = heads.when([{"date": "2026-01-13"}], [])
    assert (found.started, found.remarks) == (None, ["no-time-of-day"])


def test_a_session_across_the_change_of_clocks() -> None:
    found = heads.when([{"start": "2025-11-02T01:50:00", "end": "2025-11-02T01:05:00"}], [])
    assert found.started is not None
    assert found.ended is not None
    assert (found.ended - found.started).total_seconds() == 15 * 60
    assert "the later reading of its end was taken" in found.repairs[-1]


def test_an_end_before_the_start_stands_and_is_told() -> None:
    found = heads.when([{"start": "2026-01-13T06:00:00", "end": "2026-01-13T05:00:00"}], [])
    assert found.ended is not None
    assert f"{found.ended:%H:%M}" == "13:00"
    assert found.repairs == ["it ends before it starts; both times stand as the file has them"]


def test_times_with_offset_assume_no_zone() -> None:
    assert heads.when([{"start": "2026-01-13T06:00:00Z"}], []).assumed_zone is None


# --- a machine without time zones ---


@pytest.fixture
def no_zones(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine that has no rules for any time zone."""

    def missing(name: str) -> None:
        raise zoneinfo.ZoneInfoNotFoundError(name)

    times._zone.cache_clear()
    monkeypatch.setattr(times, "ZoneInfo", missing)
    yield
    times._zone.cache_clear()


@pytest.mark.usefixtures("no_zones")
def test_without_zones_local_times_are_refused_with_the_remedy() -> None:
    with pytest.raises(ZoneMissing) as refusal:
        times.read("2026-01-13T06:00:00")
    assert "tzdata" in hints.text(refusal.value.hint)
    assert utc("2026-01-13T06:00:00Z") == "2026-01-13T06:00:00.000+00:00"
