"""Slots never drift, are served once, and are caught up once."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from sage_edge.agent import slots
from sage_edge.agent.slots import EPOCH
from sage_edge.clock import Duration
from sage_edge.inventory.cadence import Cadence, Schedule
from sage_edge.names import TRACKS, HostName, Track

SPROUT = HostName("sprout")
NOW = st.datetimes(datetime(1971, 1, 1), datetime(2100, 1, 1), timezones=st.just(timezone.utc))
TRACK = st.sampled_from(TRACKS)


@st.composite
def cadences(draw: st.DrawFn) -> Cadence:
    """Every few minutes to every few days."""
    every = draw(st.integers(60, 3 * 86_400))
    return Cadence(every=Duration(seconds=every), offset=Duration(seconds=draw(st.integers(0, every - 1))))


@st.composite
def schedules(draw: st.DrawFn) -> Schedule:
    """What a fleet may declare."""
    primary, training = draw(cadences()), draw(cadences())
    most = int(min(primary.every, training.every).total_seconds()) - 1
    jitter, late = draw(st.integers(0, most)), draw(st.integers(0, 86_400))
    content = {"jitter": Duration(seconds=jitter), "late_after": Duration(seconds=late)}
    return Schedule.model_validate({"primary": primary, "training": training, **content})


def cadence(schedule: Schedule, track: Track) -> Cadence:
    """The cadence of a track."""
    return schedule.cadences[track]


def due_long_after(schedule: Schedule, track: Track, now: datetime) -> slots.Due | None:
    """What is due for a host that served the very first slot of all and none since."""
    return slots.due(schedule, SPROUT, track, now, [EPOCH + cadence(schedule, track).offset])


@given(schedules(), TRACK, NOW)
def test_a_due_moment_is_a_multiple_counted_from_the_epoch(schedule: Schedule, track: Track, now: datetime) -> None:
    found = due_long_after(schedule, track, now)
    assert found is not None
    own = cadence(schedule, track)
    assert (found.at - EPOCH - own.offset) % own.every == timedelta(0)


@given(schedules(), TRACK, NOW)
def test_jitter_is_fixed_and_smaller_than_declared(schedule: Schedule, track: Track, now: datetime) -> None:
    found = due_long_after(schedule, track, now)
    assert found is not None
    own = slots.jitter(schedule, SPROUT, track, found.at)
    assert own == slots.jitter(schedule, SPROUT, track, found.at)
    assert timedelta(0) <= own <= schedule.jitter
    assert own < schedule.jitter or not schedule.jitter
    assert found.start == found.at + own <= now


@given(schedules(), TRACK, NOW)
def test_only_the_newest_slot_is_due(schedule: Schedule, track: Track, now: datetime) -> None:
    found = due_long_after(schedule, track, now)
    assert found is not None
    after = found.at + cadence(schedule, track).every
    assert after + slots.jitter(schedule, SPROUT, track, after) > now


@given(schedules(), TRACK, NOW, st.integers(0, 10**6))
def test_a_served_slot_is_not_due_again(schedule: Schedule, track: Track, now: datetime, later: int) -> None:
    found = due_long_after(schedule, track, now)
    assert found is not None
    again = slots.due(schedule, SPROUT, track, now + timedelta(seconds=later), [found.at])
    assert again is None or again.at > found.at


@given(schedules(), TRACK, NOW, st.lists(st.integers(0, 10**9), max_size=9))
def test_what_a_clock_that_ran_ahead_has_served_stays_served_and_keeps_no_other_slot_waiting(
    schedule: Schedule, track: Track, now: datetime, ahead: list[int]
) -> None:
    own = cadence(schedule, track)
    here = due_long_after(schedule, track, now)
    assert here is not None
    before = here.at - own.every
    reach = timedelta(days=9999) // own.every
    served = {before, *(here.at + own.every * (1 + far) for far in ahead if far < reach)}
    found = slots.due(schedule, SPROUT, track, now, served)
    assert found is not None
    assert (found.at, found.missed) == (here.at, 0)
    for slot in served:
        again = slots.due(schedule, SPROUT, track, slot + schedule.jitter, served)
        assert again is None or again.at not in served


@given(
    schedules(),
    TRACK,
    st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31, 23, 59, 59), timezones=st.just(timezone.utc)),
)
def test_at_the_ends_of_the_calendar_there_are_slots_or_none(schedule: Schedule, track: Track, now: datetime) -> None:
    latest, after = slots.latest(schedule, SPROUT, track, now), slots.following(schedule, SPROUT, [track], now)
    assert latest is None or EPOCH <= latest <= now
    assert after is None or now < after
    assert (latest is None) == (now < EPOCH + cadence(schedule, track).offset + jitter_of_first(schedule, track))


def jitter_of_first(schedule: Schedule, track: Track) -> timedelta:
    """How long after its due moment the very first slot of a track starts."""
    return slots.jitter(schedule, SPROUT, track, EPOCH + cadence(schedule, track).offset)


@given(schedules(), TRACK, NOW, st.integers(1, 50))
def test_after_a_gap_one_slot_is_caught_up_and_the_others_are_counted(
    schedule: Schedule, track: Track, now: datetime, gap: int
) -> None:
    first = due_long_after(schedule, track, now)
    assert first is not None
    every = cadence(schedule, track).every
    # the end of the gap: all jitters are over, the next slot has not come
    later = first.at + gap * every + schedule.jitter
    found = slots.due(schedule, SPROUT, track, later, [first.at])
    assert found is not None
    assert found.missed == (found.at - first.at) // every - 1
    assert found.at - first.at in (gap * every, (gap + 1) * every)
    assert slots.due(schedule, SPROUT, track, later, [found.at]) is None


@given(schedules(), TRACK, NOW)
def test_late_is_later_than_the_declared_grace(schedule: Schedule, track: Track, now: datetime) -> None:
    found = due_long_after(schedule, track, now)
    assert found is not None
    assert found.late == (now - found.start > schedule.late_after)


@given(schedules(), TRACK, NOW)
def test_a_host_without_a_past_catches_nothing_up(schedule: Schedule, track: Track, now: datetime) -> None:
    found = slots.due(schedule, SPROUT, track, now, ())
    experienced = due_long_after(schedule, track, now)
    assert experienced is not None
    assert (found is None) == experienced.late
    assert found is None or (found.at, found.late, found.missed) == (experienced.at, False, 0)


@given(schedules(), NOW)
def test_the_following_start_comes_after_now_and_none_is_skipped(schedule: Schedule, now: datetime) -> None:
    after = slots.following(schedule, SPROUT, TRACKS, now)
    assert after is not None
    assert after > now
    for track in TRACKS:
        served = due_long_after(schedule, track, now)
        assert served is not None
        assert slots.due(schedule, SPROUT, track, after - timedelta(microseconds=1), [served.at]) is None
    fresh = [
        slots.latest(schedule, SPROUT, track, after) != slots.latest(schedule, SPROUT, track, now) for track in TRACKS
    ]
    assert any(fresh)


def at(text: str) -> datetime:
    """A moment of one day."""
    return datetime.fromisoformat(f"2026-11-20T{text}+00:00")


def plain(jitter: str = "0s") -> Schedule:
    """The schedule of the shipped fleet."""
    cadence = {"primary": {"every": "6h", "offset": "0h"}, "training": {"every": "6h", "offset": "3h"}}
    return Schedule.model_validate({**cadence, "jitter": jitter, "late_after": "15m"})


def test_the_shipped_day() -> None:
    schedule = plain()
    found = slots.due(schedule, SPROUT, "primary", at("06:00:00"), [at("00:00:00")])
    assert found == slots.Due("primary", at("06:00:00"), at("06:00:00"), late=False, missed=0)
    assert slots.due(schedule, SPROUT, "primary", at("05:59:59"), [at("00:00:00")]) is None
    late = slots.due(schedule, SPROUT, "training", at("15:15:01"), [at("03:00:00")])
    assert late == slots.Due("training", at("15:00:00"), at("15:00:00"), late=True, missed=1)
    assert slots.following(schedule, SPROUT, TRACKS, at("06:00:00")) == at("09:00:00")


def test_boards_do_not_all_start_in_the_same_second() -> None:
    schedule = plain("5m")
    starts = {slots.jitter(schedule, HostName(f"board-{number}"), "primary", at("06:00:00")) for number in range(100)}
    assert len(starts) > 60


def test_before_the_first_slot_nothing_is_due() -> None:
    assert slots.due(plain(), SPROUT, "training", EPOCH + timedelta(hours=1), ()) is None
    assert slots.due(plain(), SPROUT, "training", EPOCH - timedelta(days=1), ()) is None
