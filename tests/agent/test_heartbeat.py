"""The heart beats wherever work gets on, never for an agent that hangs, and never stands in the way."""

from __future__ import annotations

import errno
import json
import os
import platform
import re
import runpy
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from sage_edge import files
from sage_edge.agent import build, heartbeat, loop
from sage_edge.agent.build import Agent
from sage_edge.agent.heartbeat import Heartbeat
from sage_edge.clock import SystemClock
from sage_edge.clock_trust import ClockBounds, ClockWatch
from sage_edge.engines import Message
from sage_edge.names import Digest
from sage_edge.records.transcript import chain_faults
from sage_edge.sessions import archive
from sage_edge.sessions import build as wiring
from sage_edge.sessions.brief import SessionContext
from tests.fakes import HandClock, HashEngine, Home

Make = Callable[..., Home]
HEALTHY = Path(__file__).parents[2] / "images" / "shared" / "healthy.py"


@pytest.fixture
def beating(tmp_path: Path) -> Heartbeat:
    """A heart with a clock of its own."""
    watch = ClockWatch(HandClock(), ClockBounds(), tmp_path / "clock.json")
    return Heartbeat(tmp_path / "state" / "heartbeat.json", "sprout", watch, "ab12", "3f2a")


def test_a_beat_says_who_and_when(beating: Heartbeat) -> None:
    beating.beat("the disk is full")
    said = json.loads(beating.path.read_bytes())
    assert said == {
        "at": "2026-11-20T06:10:00.000+00:00",
        "awake_s": 0.0,
        "boot": "",
        "clock_doubt": None,
        "container": "3f2a",
        "failing": "the disk is full",
        "host": "sprout",
        "release": "ab12",
    }
    beating.beat()
    assert json.loads(beating.path.read_bytes())["failing"] is None


def test_a_long_pause_is_waited_in_pieces_and_beats_before_each(beating: Heartbeat) -> None:
    watch, seen = beating.watch.clock, []
    assert isinstance(watch, HandClock)
    watch.on_wait = lambda: seen.append(json.loads(beating.path.read_bytes())["at"][14:19])
    beating.wait(150.0, threading.Event())
    assert watch.waits == [60.0, 60.0, 30.0]
    assert seen == ["10:00", "11:00", "12:00"]


def test_a_stop_ends_the_pause_at_once(beating: Heartbeat) -> None:
    stop, watch = threading.Event(), beating.watch.clock
    assert isinstance(watch, HandClock)
    watch.on_wait = stop.set
    beating.wait(1e9, stop)
    assert watch.waits == [60.0]


def test_a_full_disk_stops_no_work_and_the_file_grows_old(beating: Heartbeat, monkeypatch: pytest.MonkeyPatch) -> None:
    beating.beat()
    before = beating.path.read_bytes()

    def full(*words: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    assert isinstance(beating.watch.clock, HandClock)
    beating.watch.clock.at += timedelta(hours=1)
    monkeypatch.setattr(os, "write", full)
    said = beating.beat()
    assert said is not None
    assert said.startswith("cannot write ")
    assert beating.path.read_bytes() == before


def built(one: Home, image: Digest | None = None) -> Agent:
    """The agent as `agent run` builds it, on the context of a test."""
    return build.build(one.paths, one.me, one.clock, one.stop, "test", one.told.append, None, image)


@pytest.fixture
def with_scripted_engine(monkeypatch: pytest.MonkeyPatch) -> Callable[[Home], None]:
    """Let a session sit down with a host's scripted engine instead of a loaded model."""

    def seat(one: Home) -> None:
        def context(*words: object) -> SessionContext:
            return replace(one.context(), image=words[-1])  # type: ignore[arg-type]

        monkeypatch.setattr(wiring, "make_context", context)

    return seat


def test_it_beats_before_each_question_and_after_each_answer(
    home: Make, watch: HandClock, with_scripted_engine: Callable[[Home], None]
) -> None:
    """In a session that takes an hour, no silence is longer than one turn."""
    beats: list[str] = []

    def before(messages: Sequence[Message]) -> None:
        beats.append(json.loads(one.paths.heartbeat.read_bytes())["at"])
        watch.at += timedelta(minutes=2)

    one = home(engine=HashEngine(before))
    with_scripted_engine(one)
    watch.on_wait = one.stop.set
    loop.run(built(one))
    assert len(beats) >= 3
    assert len(set(beats)) == len(beats)
    assert json.loads(one.paths.heartbeat.read_bytes())["at"] > beats[-1], "it beats after the last answer, too"


def test_a_session_that_hangs_is_silent(
    home: Make, watch: HandClock, with_scripted_engine: Callable[[Home], None]
) -> None:
    """Nothing beats beside the work: while one question is open the file does not change."""
    seen: list[bytes] = []

    def hang(messages: Sequence[Message]) -> None:
        for _ in range(3):
            watch.at += timedelta(minutes=20)
            seen.append(one.paths.heartbeat.read_bytes())
        one.stop.set()

    one = home(engine=HashEngine(hang))
    with_scripted_engine(one)
    loop.run(built(one))
    assert len(seen) == 3
    assert len(set(seen)) == 1


def test_the_transcript_names_the_image_that_the_agent_was_built_with(
    home: Make, watch: HandClock, with_scripted_engine: Callable[[Home], None]
) -> None:
    one, image = home(), files.digest(b"an image")
    with_scripted_engine(one)
    watch.on_wait = one.stop.set
    loop.run(built(one, image))
    paper = next(archive.newest_first(one.paths.papers, "primary"))
    assert (paper.head.release, paper.head.image) == ("test", image)
    assert chain_faults(paper) == ()


@pytest.mark.parametrize(("age_s", "code"), [(1, 0), (590, 0), (610, 1), (-610, 1), (None, 1)])
def test_the_health_check_reads_its_age(
    age_s: int | None, code: int, beating: Heartbeat, monkeypatch: pytest.MonkeyPatch
) -> None:
    if age_s is not None:
        replace(beating, container=platform.node()).beat()
        os.utime(beating.path, (time.time() - age_s,) * 2)
    said = health(beating, monkeypatch)
    assert bool(said) == bool(code)
    if code:
        assert "heartbeat" in said


@pytest.mark.parametrize("written", [0.0, 4e9])
@pytest.mark.parametrize(
    ("boot", "age_s", "complaint"),
    [
        ("this", 1, ""),
        ("this", 590, ""),
        ("this", 610, "the last heartbeat is 610 s old"),
        ("this", -60, "the last heartbeat is of the future, by 60 s"),
        ("another", 1, "the last heartbeat is "),
    ],
)
def test_the_health_check_counts_by_the_machine_and_not_by_its_clock(
    boot: str, age_s: int, complaint: str, written: float, beating: Heartbeat, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = SystemClock().read()
    reading = replace(one, boot=one.boot if boot == "this" else boot, awake_s=one.awake_s - age_s)
    monkeypatch.setattr(type(beating.watch.clock), "read", lambda clock: reading)
    replace(beating, container=platform.node()).beat()
    os.utime(beating.path, (written, written))
    said = health(beating, monkeypatch)
    assert said.startswith(complaint) if complaint else said == ""


def health(beating: Heartbeat, monkeypatch: pytest.MonkeyPatch) -> str:
    """What the health check complains of, empty for a healthy agent."""
    monkeypatch.setenv("SAGE_STATE", str(beating.path.parent))
    with pytest.raises(SystemExit) as end:
        runpy.run_path(str(HEALTHY), run_name="__main__")
    return str(end.value.code or "")


def test_the_heartbeat_of_the_container_before_is_none(beating: Heartbeat, monkeypatch: pytest.MonkeyPatch) -> None:
    """An agent that hangs at its start is not healthy, however fresh what it found there is."""
    beating.beat()
    assert "has not written one since this container was made" in health(beating, monkeypatch)


@pytest.mark.parametrize("content", ["", "{", "[1]", "null"])
def test_a_damaged_heartbeat_breaks_no_check(content: str, beating: Heartbeat, monkeypatch: pytest.MonkeyPatch) -> None:
    beating.beat()
    beating.path.write_text(content)
    assert health(beating, monkeypatch) == ("the heartbeat is damaged" if content in ("", "{") else "")


@pytest.mark.parametrize("room", [{"f_bavail": 0}, {"f_bavail": 9, "f_favail": 0}])
def test_a_full_disk_is_not_healthy(room: dict[str, int], beating: Heartbeat, monkeypatch: pytest.MonkeyPatch) -> None:
    replace(beating, container=platform.node()).beat()
    assert health(beating, monkeypatch) == ""
    full = SimpleNamespace(**{"f_bavail": 9, "f_files": 9, "f_favail": 9, **room})
    monkeypatch.setattr(os, "statvfs", lambda path: full)
    assert health(beating, monkeypatch) == "no room for a heartbeat: the disk of the state is full"


def test_the_health_check_bears_every_silence_that_is_allowed(home: Make) -> None:
    said = re.search(r"^OLDEST_S = ([0-9.]+)$", HEALTHY.read_text("utf-8"), re.MULTILINE)
    deadline = home().me.host.turn_deadline
    assert said is not None
    assert deadline is not None
    assert float(said[1]) > deadline.total_seconds() + heartbeat.LONGEST_PAUSE_S
