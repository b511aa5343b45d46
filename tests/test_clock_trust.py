"""When a clock is believed: its floor, its ceiling, and what was seen of it since the machine was started."""

from __future__ import annotations

import os
import signal
import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sage_edge import clock_trust, locks
from sage_edge.clock import ClockReading, SetClock, SystemClock, TimeSource
from sage_edge.clock_trust import ClockBounds, ClockMemory, ClockWatch, judge, remember, trust
from sage_edge.errors import ClockImpossible, Locked
from tests.fakes import HandClock
from tests.kill.victims import spawn, status_of

EPOCH, LATEST = datetime(1970, 1, 1, tzinfo=timezone.utc), datetime.max.replace(tzinfo=timezone.utc)
COMMIT = datetime(2026, 11, 20, tzinfo=timezone.utc)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
KEPT = ClockBounds(COMMIT, 400 * DAY, HOUR, must_be_kept=True)
BATTERY = ClockBounds(COMMIT, 400 * DAY, HOUR)


def reading(after: timedelta, is_kept: bool | None = True, awake_s: float = 100.0, boot: str = "a") -> ClockReading:
    """A look at a clock that stands so long after the commit."""
    return ClockReading(COMMIT + after, is_kept, boot, awake_s)


@dataclass(frozen=True)
class Case:
    """Looks at a clock, all but the last of which are remembered; why the last one is doubted, None: it is not."""

    name: str
    looks: tuple[ClockReading, ...]
    doubt: str | None
    bounds: ClockBounds = field(default=KEPT)


TABLE = [
    Case("in step", (reading(DAY),), None),
    Case("1970", (ClockReading(EPOCH),), "this release is not older"),
    Case("1970, in step", (ClockReading(EPOCH, True),), "this release is not older"),
    Case("the committer's clock was a little ahead", (reading(-HOUR / 2),), None),
    Case("a day before the commit", (reading(-DAY),), "before 2026-11-20 00:00Z, and this"),
    Case("the ceiling", (reading(400 * DAY, None),), None, BATTERY),
    Case("over the ceiling", (reading(401 * DAY, None),), "more than 400d after 2026-11-20", BATTERY),
    Case("over the ceiling, in step", (reading(4000 * DAY),), None),
    Case("year 9999", (ClockReading(LATEST),), "more than 400d after", BATTERY),
    Case("own record", (reading(50 * DAY), reading(40 * DAY, None, 1.0, "b")), "before what this host", BATTERY),
    Case("own record moves the ceiling", (reading(300 * DAY), reading(600 * DAY, None, 1.0, "b")), None, BATTERY),
    Case("what was not in step is no record", (reading(50 * DAY, None), reading(DAY, None, 1.0, "b")), None, BATTERY),
    Case("never in step", (reading(DAY, False),), "nothing has kept it in step since this machine was started"),
    Case("never in step, with a battery", (reading(DAY, False),), None, BATTERY),
    Case("nobody says whether it is in step", (reading(DAY, None),), None),
    Case("net away since an hour", (reading(DAY), reading(DAY + HOUR, False, 3700.0)), None),
    Case(
        "net away for a quarter",
        (reading(DAY), reading(91 * DAY, False, 100 + 90 * 86400.0)),
        "since 2026-11-21 00:00Z; it may be off by 1h4m48s",
    ),
    Case("set forward by a person", (reading(DAY), reading(3 * DAY, False, 100.0)), "it was set by 2d"),
    Case("set back by a person", (reading(9 * DAY, None), reading(DAY, None, 100.0)), "it was set by -8d", BATTERY),
    Case("mended by the network", (reading(9 * DAY, None), reading(DAY, True, 100.0)), None, BATTERY),
    Case("started anew", (reading(DAY), reading(DAY + HOUR, False, 1.0, "b")), "nothing has kept it in step"),
    Case("started anew, elsewhere", (reading(9 * DAY, None), reading(DAY, None, 1.0, "b")), None, BATTERY),
    Case("in step, and back behind itself", (reading(900 * DAY), reading(DAY, True, 200.0)), "before what this host"),
    Case(
        "in step, and for so long behind itself that it was wrong before",
        (reading(900 * DAY), reading(DAY, True, 200.0), reading(DAY + HOUR, True, 3800.0)),
        None,
    ),
    Case(
        "behind itself, but not steadily",
        (reading(900 * DAY), reading(DAY, True, 200.0), reading(9 * DAY, True, 3800.0)),
        "before what this host",
    ),
]  # fmt: skip


@pytest.mark.parametrize("case", TABLE, ids=lambda case: case.name)
def test_the_table(case: Case) -> None:
    memory = ClockMemory()
    for look in case.looks[:-1]:
        memory = remember(look, case.bounds, memory)
    judged = judge(case.looks[-1], case.bounds, memory)
    assert (judged.doubt is None) is (case.doubt is None), judged.doubt
    assert case.doubt is None or case.doubt in (judged.doubt or "")
    assert judged.is_over(COMMIT - 9999 * DAY) is (case.doubt is None)


@pytest.mark.parametrize("case", [case for case in TABLE if case.doubt], ids=lambda case: case.name)
def test_a_persons_word_ends_every_doubt_and_holds(case: Case) -> None:
    memory, last = ClockMemory(), case.looks[-1]
    for look in case.looks[:-1]:
        memory = remember(look, case.bounds, memory)
    if last.at < datetime(2026, 1, 1, tzinfo=timezone.utc):
        with pytest.raises(ClockImpossible, match=r"it says 1970-01-01 00:00Z, and this software was begun at 2026"):
            trust(last, case.bounds, memory)
        return
    memory = trust(last, case.bounds, memory)
    assert ClockMemory.model_validate_json(memory.model_dump_json(exclude_none=True)) == memory
    hours = range(9 if last.at < LATEST else 1)
    for look in (ClockReading(last.at + n * HOUR, False, last.boot, last.awake_s + n * 3600) for n in hours):
        assert judge(look, case.bounds, memory).doubt is None
        memory = remember(look, case.bounds, memory)


def test_a_word_bounds_the_clock_from_then_on() -> None:
    """It is a record of the clock: what stands before it, or far behind it, is in doubt again."""
    wrong = ClockBounds(COMMIT + 1500 * DAY, 400 * DAY, HOUR, since=COMMIT + 1500 * DAY)
    memory = trust(reading(DAY, None), wrong, ClockMemory(newest=COMMIT + 1500 * DAY))
    assert judge(reading(2 * DAY, None, 1.0, "b"), wrong, memory).doubt is None
    assert "before what this host has seen" in (judge(reading(-DAY, None, 1.0, "b"), wrong, memory).doubt or "")
    assert "more than 400d after 2026-11-21" in (judge(reading(402 * DAY, None, 1.0, "b"), wrong, memory).doubt or "")
    later = ClockBounds(COMMIT + 1501 * DAY, 400 * DAY, HOUR)
    assert "this release is not older" in (judge(reading(2 * DAY, None, 1.0, "b"), later, memory).doubt or "")
    both = trust(reading(3 * DAY, None), BATTERY, memory)
    assert judge(reading(4 * DAY, None, 1.0, "b"), wrong, both).doubt is None, "what was overruled once stays so"


def test_what_was_seen_wrongly_is_forgotten_once_the_clock_is_settled() -> None:
    memory = ClockMemory()
    for look in (reading(900 * DAY), reading(DAY, True, 200.0), reading(DAY + HOUR, True, 3800.0)):
        memory = remember(look, KEPT, memory)
    assert memory.newest == COMMIT + DAY + HOUR
    assert judge(reading(2 * DAY, True, 1.0, "b"), KEPT, memory).doubt is None


MOMENTS = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.just(timezone.utc))
READINGS = st.builds(
    ClockReading, MOMENTS, st.sampled_from((True, False, None)), st.sampled_from(("", "a", "b")), st.floats(0, 1e10)
)


@given(st.lists(READINGS, min_size=1, max_size=6), st.sampled_from((KEPT, BATTERY)))
def test_any_looks_are_judged_and_what_is_remembered_reads_back(looks: list[ClockReading], bounds: ClockBounds) -> None:
    memory = ClockMemory()
    for look in looks:
        if look.at < COMMIT - HOUR:
            assert judge(look, bounds, memory).doubt is not None
        memory = remember(look, bounds, memory)
        assert ClockMemory.model_validate_json(memory.model_dump_json()) == memory


class MachineClock(HandClock):
    """A clock that says that it is the machine's own, and whether something keeps it."""

    source: TimeSource = "system"
    is_kept = True

    def read(self) -> ClockReading:
        return ClockReading(self.at, self.is_kept, "a", 1.0)


def test_a_host_remembers_its_own_clock(tmp_path: Path) -> None:
    clock = MachineClock(COMMIT + 9 * DAY)
    watch = ClockWatch(clock, KEPT, tmp_path / "state" / "clock.json")
    (tmp_path / "state").mkdir()
    assert watch.note().doubt is None
    clock.at, clock.is_kept = COMMIT + DAY, False
    again = ClockWatch(clock, KEPT, tmp_path / "state" / "clock.json")
    assert "before what this host has seen: 2026-11-29" in (again.look().doubt or "")


def _doubted(tmp_path: Path) -> ClockWatch:
    """A watch whose host once saw a later time."""
    file = tmp_path / "clock.json"
    file.write_text(ClockMemory(newest=COMMIT + 300 * DAY).model_dump_json(exclude_none=True))
    return ClockWatch(MachineClock(COMMIT + DAY), KEPT, file)


def _word(watch: ClockWatch) -> datetime | None:
    trusted = ClockMemory.model_validate_json(watch.file.read_bytes()).trusted
    return trusted.at if trusted else None


def test_a_wake_undoes_no_persons_word(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A person says that the clock is right while a wake has read what is remembered, and not yet replaced it."""
    watch = _doubted(tmp_path)
    person = threading.Thread(target=watch.trust)

    def slow(*looked: Any) -> ClockMemory:
        person.start()
        person.join(0.1)
        return remember(*looked)

    monkeypatch.setattr(clock_trust, "remember", slow)
    assert watch.note().doubt is not None, "by what it read"
    person.join()
    assert _word(watch) == COMMIT + DAY
    assert watch.look().doubt is None


def test_a_wake_that_is_killed_before_it_remembers_harms_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch = _doubted(tmp_path)
    before = watch.file.read_bytes()

    def killed(*looked: Any) -> ClockMemory:
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError

    with monkeypatch.context() as patch:
        patch.setattr(clock_trust, "remember", killed)
        assert status_of(spawn(lambda: bool(watch.note()), tmp_path / "said")) == -signal.SIGKILL
    assert watch.file.read_bytes() == before
    assert watch.trust().doubt is None
    assert watch.note().doubt is None
    assert _word(watch) == COMMIT + DAY


def test_whoever_keeps_the_lock_stops_no_wake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock_trust, "_PATIENCE_S", 0.0)
    watch = _doubted(tmp_path)
    before = watch.file.read_bytes()
    with locks.hold(tmp_path / "locks" / "clock.lock", "it"):
        assert watch.note().doubt is not None
        with pytest.raises(Locked):
            watch.trust()
    assert watch.file.read_bytes() == before


@pytest.mark.parametrize("content", [b"", b"{", b'{"format": 2}', b"\0" * 99, b"x" * 9999])
def test_a_damaged_memory_is_none(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "clock.json"
    file.write_bytes(content)
    watch = ClockWatch(MachineClock(COMMIT + DAY), KEPT, file)
    assert watch.note().doubt is None
    assert ClockMemory.model_validate_json(file.read_bytes()).newest == COMMIT + DAY


def test_a_set_clock_is_remembered_nowhere_and_brings_its_own_floor(tmp_path: Path) -> None:
    watch = ClockWatch(SetClock(COMMIT), ClockBounds(), tmp_path / "clock.json")
    assert watch.note().doubt is None
    assert not (tmp_path / "clock.json").exists()


@pytest.mark.parametrize(("word", "expected"), [("kept\n", True), ("free", False)])
def test_a_stand_in_says_whether_its_clock_is_kept(word: str, expected: bool, tmp_path: Path) -> None:
    place = tmp_path / "run" / "sage" / "clock"
    place.parent.mkdir(parents=True)
    place.write_text(word)
    assert SystemClock(tmp_path).read().is_kept is expected
    place.write_text("who knows")
    assert SystemClock(tmp_path).read().is_kept is SystemClock().read().is_kept


def test_a_machine_knows_which_start_this_is_and_since_when() -> None:
    first, second = SystemClock().read(), SystemClock().read()
    assert first.boot == second.boot != ""
    assert 0 < first.awake_s <= second.awake_s
