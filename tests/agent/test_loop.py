"""The loop wakes at every slot and in between, and tells of changes once."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from sage_edge import files
from sage_edge.agent import heartbeat, loop, wake
from sage_edge.agent.build import Agent
from sage_edge.agent.steps import Wake
from sage_edge.errors import HubRefused, SageError, StorageError, Unreachable, UsageError
from sage_edge.inventory.errors import NotMyRole
from tests.fakes import HandClock, Home

Make = Callable[..., Home]


@pytest.fixture(autouse=True)
def whole_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every pause be one wait; in pieces they are in test_heart."""
    monkeypatch.setattr(heartbeat, "LONGEST_PAUSE_S", 1e6)


def looped(home: Home, outcomes: Sequence[SageError | None], monkeypatch: pytest.MonkeyPatch) -> Agent:
    """Run the loop over wakes that end so; stop after the last one."""
    left = list(outcomes)

    def once(agent: Agent) -> Wake:
        outcome = left.pop(0)
        if not left:
            agent.stop.set()
        if isinstance(outcome, UsageError):
            raise outcome
        return Wake(failure=outcome)

    monkeypatch.setattr(wake, "once", once)
    loop.run(home.agent)
    return home.agent


def test_a_failure_is_told_when_it_begins_and_when_it_is_over(
    home: Make, watch: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    full, lost = SageError("the disk is full"), SageError("the hub is lost")
    one = home()
    looped(one, [None, full, full, full, lost, None, None], monkeypatch)
    assert one.told[1:] == ["failing: the disk is full", "failing: the hub is lost", "all is well again"]
    assert watch.waits[1:5] == [10.0, 20.0, 40.0, 80.0]
    assert watch.waits[5] == 300.0


def test_it_waits_longer_after_failures_but_not_for_ever(
    home: Make, watch: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    looped(home(), [SageError("no")] * 20, monkeypatch)
    assert max(watch.waits) == 600.0


def test_a_raised_error_counts_as_a_failure(home: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    one = home()
    looped(one, [UsageError("no fleet"), None], monkeypatch)
    assert one.told[1:] == ["failing: no fleet", "all is well again"]


def test_what_no_waiting_mends_ends_it(home: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NotMyRole):
        looped(home(), [NotMyRole("a", "b", "c", [], []), None], monkeypatch)


def test_it_wakes_for_the_next_slot(home: Make, watch: HandClock, monkeypatch: pytest.MonkeyPatch) -> None:
    watch.at += timedelta(hours=2, minutes=48)  # 08:58
    looped(home(), [None], monkeypatch)
    assert watch.waits == [120.0]


def test_the_heart_beats_before_and_after_each_wake(
    home: Make, watch: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = home()
    watch.step = timedelta(seconds=1)
    seen = []
    watch.on_wait = lambda: seen.append(json.loads(one.paths.heartbeat.read_bytes()))
    looped(one, [None, None], monkeypatch)
    assert [beat["host"] for beat in seen] == ["sprout", "sprout"]
    assert seen[0]["at"] < seen[1]["at"]


def test_the_heartbeat_says_why_the_last_wake_failed(
    home: Make, watch: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = home()
    seen = []
    watch.on_wait = lambda: seen.append(json.loads(one.paths.heartbeat.read_bytes())["failing"])
    looped(one, [None, SageError("the disk is full"), None, None], monkeypatch)
    assert seen == [None, "the disk is full", None, None]


def test_a_heartbeat_that_cannot_be_written_is_a_failure_until_it_can(
    home: Make, watch: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, real, calls = home(), files.write_atomic, list[bool]()

    def refused(path: Path, content: bytes) -> None:
        calls.append(path == one.paths.heartbeat)
        if path == one.paths.heartbeat and len(calls) < 5:
            raise StorageError("the heartbeat", "no space left")
        real(path, content)

    monkeypatch.setattr(files, "write_atomic", refused)
    looped(one, [None, None, None], monkeypatch)
    assert "failing: cannot write the heartbeat: no space left" in one.told
    assert one.told[-1] == "all is well again"


def test_a_stop_ends_it_at_once(home: Make, watch: HandClock) -> None:
    one = home()
    one.stop.set()
    loop.run(one.agent)
    assert watch.waits == []
    assert not one.paths.state.exists()


def test_a_whole_day_of_the_real_wake(home: Make, watch: HandClock) -> None:
    one = home()
    end = watch.at + timedelta(hours=6)
    watch.on_wait = lambda: one.stop.set() if watch.at >= end else None
    loop.run(replace(one.agent, me=replace(one.me, fleet=replace(one.me.fleet, wake_every=timedelta(hours=1)))))  # type: ignore[arg-type]
    conducted = [line.split(",")[0] for line in one.told[1:]]
    assert conducted == ["P001 complete", "T001 complete", "P002 complete"]


def test_its_first_line_says_that_it_runs_and_what_it_waits_for(home: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    one = home()
    looped(one, [None], monkeypatch)
    assert one.told[0].startswith(f"started, release {one.agent.release}; a wake every 5 minutes; the next slot is 20")
    researcher = home("thor")
    looped(researcher, [None], monkeypatch)
    assert "slot" not in researcher.told[0]


def test_a_hub_that_says_no_is_told_and_no_slot_waits_for_it(
    home: Make, watch: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch.at += timedelta(hours=2, minutes=49, seconds=45)  # 08:59:45
    one, troubles = home(), [HubRefused("closed"), HubRefused("closed"), Unreachable("gone")]

    def once(agent: Agent) -> Wake:
        if len(troubles) == 1:
            agent.stop.set()
        return Wake(trouble=troubles.pop(0))

    monkeypatch.setattr(wake, "once", once)
    loop.run(one.agent)
    assert one.told[1:] == ["failing: closed", "all is well again"]
    assert watch.waits == [10.0, 5.0, 300.0]
