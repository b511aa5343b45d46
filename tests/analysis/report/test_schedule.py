"""Slots: kept, late, missed, served twice; by what a session says, or else by the clock on the older system's wall."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from sage_edge.analysis.report.blocks import Section, Table
from sage_edge.analysis.report.content import ReportContent, Session
from sage_edge.analysis.report.schedule import section
from sage_edge.analysis.report.slots import Lane, lanes
from sage_edge.records.dialogue import Dialogue, Provenance
from tests.dialogues import talk

MIDNIGHT = datetime(2026, 3, 1, 8, 0, tzinfo=timezone.utc)
"""Midnight where the older system stood, a week before its clocks went forward."""

H = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


def held(
    number: int, started: datetime | None, due: datetime | None = None, provenance: Provenance = "legacy"
) -> Dialogue:
    told = replace(talk("I am here.", number=number), label=f"S{number:03d}", host="sprout")
    return replace(told, started=started, due=due, provenance=provenance)


def lane(*sessions: Dialogue) -> Lane:
    (found,) = lanes(ReportContent("tests", sessions=tuple(Session(one, ()) for one in sessions)))
    return found


def first_table(found: Section | None) -> dict[str, str]:
    assert found is not None
    table = next(block for block in found.blocks if isinstance(block, Table))
    return {str(row[0]): str(row[1]).replace("\u00a0", " ") for row in table.rows}


def test_an_older_session_is_held_against_the_nearest_slot_of_its_wall_clock() -> None:
    found = lane(held(1, MIDNIGHT + 3 * MINUTE), held(2, MIDNIGHT + 6 * H - 20 * MINUTE), held(3, MIDNIGHT + 15 * H))
    delays = [one.delay for one in found.held]
    assert delays[:2] == [3 * MINUTE, -20 * MINUTE]
    assert abs(delays[2]) == 3 * H
    assert [one.near for one in found.held] == [True, True, False]


def test_slots_go_by_local_time_when_the_clocks_change() -> None:
    spring = datetime(2026, 3, 8, tzinfo=timezone.utc)
    found = lane(held(1, spring + 8 * H), held(2, spring + 13 * H))  # midnight, and six o'clock an hour earlier
    assert [one.delay for one in found.held] == [timedelta(0), timedelta(0)]
    assert found.missed == 0


def test_slots_without_a_session_are_missed_and_two_sessions_double_one() -> None:
    starts = (0, 0.1, 6, 24)
    found = lane(*[held(number, MIDNIGHT + hours * H) for number, hours in enumerate(starts, start=1)])
    assert (found.missed, found.doubled) == (2, 1)
    assert [round(hours, 1) for _, hours in found.gaps] == [0.1, 5.9, 18.0]


def test_our_own_sessions_say_which_slot_they_served() -> None:
    noon = datetime(2026, 11, 20, 12, tzinfo=timezone.utc)
    found = lane(
        held(1, noon + 4 * MINUTE, noon, "recorded"),
        held(2, noon + 4 * H, noon + 3 * H, "recorded"),
        held(3, noon + 9 * H, noon + 9 * H, "recorded"),
        held(4, noon + 10 * H, None, "recorded"),
    )
    assert found.every == 3 * H
    assert found.missed == 1
    assert [one.delay for one in found.slotted] == [4 * MINUTE, H, timedelta(0)]
    assert len(found.held) == 4


def test_each_track_of_each_host_is_a_lane() -> None:
    here, there = held(1, MIDNIGHT), replace(held(1, MIDNIGHT), host="thor")
    drill = replace(held(2, MIDNIGHT + 3 * H), track="training")
    content = ReportContent("tests", sessions=tuple(Session(one, ()) for one in (here, there, drill)))
    assert [one.name for one in lanes(content)] == ["sprout primary", "thor primary", "sprout training"]
    assert [one.held[0].delay for one in lanes(content)] == [timedelta(0)] * 3


def test_the_table_counts_with_interval_and_n() -> None:
    times = [0, 6, 12, 31, 32]
    sessions = [Session(held(number, MIDNIGHT + hours * H), ()) for number, hours in enumerate(times, start=1)]
    found = first_table(section(ReportContent("tests", sessions=(*sessions, Session(held(9, None), ())))))
    assert found["sessions with a start time"] == "5"
    assert found["sessions without"] == "1"
    assert found["within 10 min of the slot"] == "0.60 (0.23 to 0.88), n = 5"
    assert found["10 to 60 min away"] == "0.20 (0.04 to 0.62), n = 5"
    assert found["further away: at no slot"] == "0.20 (0.04 to 0.62), n = 5"
    assert found["slots missed"] == "2"
    assert found["gaps over 13 h"] == "1"
    assert found["gaps under 5 h"] == "1"


@pytest.mark.parametrize("sessions", [(), (Session(held(1, None), ()),)])
def test_without_a_time_there_is_no_section(sessions: tuple[Session, ...]) -> None:
    assert section(ReportContent("tests", sessions=sessions)) is None


def test_one_session_has_no_gap() -> None:
    found = section(ReportContent("tests", sessions=(Session(held(1, MIDNIGHT), ()),)))
    assert first_table(found)["median gap"] == "none"
    assert found is not None
    assert len(found.blocks) == 1
