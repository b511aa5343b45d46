"""The plan says what the next wake does, and writes nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from sage_edge.agent import wake
from tests.agent.test_wake import stopping
from tests.fakes import HandClock, Home, World

Make = Callable[..., Home]
LAST = ("write the status", "publish")


def snapshot(folder: Path) -> dict[str, tuple[int, int, bytes]]:
    """Every path below a folder with its times and content."""
    return {
        str(path): (path.lstat().st_mtime_ns, path.lstat().st_ino, path.read_bytes() if path.is_file() else b"")
        for path in sorted(folder.rglob("*"))
    }


def actions(home: Home) -> list[str]:
    """What would be done; nothing is written by asking."""
    before = snapshot(home.world.folder)
    planned = wake.plan(home.agent)
    assert snapshot(home.world.folder) == before
    assert all(action.why for action in planned)
    return [action.what for action in planned]


def test_on_a_machine_without_a_past(home: Make) -> None:
    assert actions(home()) == ["receive", "conduct P001", *LAST]
    assert not home().paths.state.exists()
    assert actions(home("thor")) == ["receive", "study nothing", *LAST]


@pytest.mark.slow
def test_the_wake_does_what_the_plan_said(home: Make, watch: HandClock) -> None:
    for expected in ("P001", "T001", "P002", "T002"):
        assert f"conduct {expected}" in actions(home())
        planned = home()
        wake.once(planned.agent)
        assert any(line.startswith(f"{expected} complete") for line in planned.told)
        assert actions(home()) == ["receive", "conduct nothing", *LAST]
        watch.at += timedelta(hours=3)


def test_what_was_cut_off_comes_first(home: Make) -> None:
    wake.once(stopping(home(), 2).agent)
    assert actions(home())[:2] == ["receive", "go on with P001"]


def test_missed_slots_are_named(home: Make, watch: HandClock) -> None:
    wake.once(home().agent)
    watch.at += timedelta(days=1, minutes=30)
    (action,) = [action for action in wake.plan(home().agent) if action.what == "conduct P002"]
    assert "late" in action.why
    assert "3 slots before it were missed" in action.why


def test_a_researcher_sees_what_there_is_to_study(world: World, home: Make) -> None:
    wake.once(home().agent)
    wake.once(home("thor").agent)
    assert actions(home("thor")) == ["receive", "study nothing", *LAST]
    thor = home("thor")
    for path in thor.paths.papers.glob("findings/*.json"):
        path.unlink()
    assert "write a finding" in actions(home("thor"))
