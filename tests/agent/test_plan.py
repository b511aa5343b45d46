"""The plan says what the next wake does, and writes nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from sage_edge.agent import plan, wake
from tests.agent.test_wake import stopping
from tests.fakes import HandClock, Home, World

Make = Callable[..., Home]


def snapshot(folder: Path) -> dict[str, tuple[int, int, bytes]]:
    """Every path below a folder with its times and content."""
    return {
        str(path): (path.lstat().st_mtime_ns, path.lstat().st_ino, path.read_bytes() if path.is_file() else b"")
        for path in sorted(folder.rglob("*"))
    }


def actions(home: Home) -> list[str]:
    """What would be done; nothing is written by asking."""
    before = snapshot(home.world.folder)
    found = plan.plan(home.agent)
    assert snapshot(home.world.folder) == before
    assert all(intent.why for intent in found)
    return [intent.action for intent in found]


def test_on_a_machine_without_a_past(home: Make) -> None:
    assert actions(home()) == ["receive", "conduct P001", "publish"]
    assert not home().paths.state.exists()
    assert actions(home("thor")) == ["receive", "study nothing", "publish"]


def test_the_wake_does_what_the_plan_said(home: Make, watch: HandClock) -> None:
    for expected in ("P001", "T001", "P002", "T002"):
        assert f"conduct {expected}" in actions(home())
        planned = home()
        wake.once(planned.agent)
        assert any(line.startswith(f"{expected} complete") for line in planned.told)
        assert actions(home()) == ["receive", "conduct nothing", "publish"]
        watch.at += timedelta(hours=3)


def test_what_was_cut_off_comes_first(home: Make) -> None:
    wake.once(stopping(home(), 2).agent)
    assert actions(home())[:2] == ["receive", "go on with P001"]


def test_missed_slots_are_named(home: Make, watch: HandClock) -> None:
    wake.once(home().agent)
    watch.at += timedelta(days=1, minutes=30)
    (intent,) = [intent for intent in plan.plan(home().agent) if intent.action == "conduct P002"]
    assert "late" in intent.why
    assert "3 slots before it were missed" in intent.why


def test_a_researcher_sees_what_there_is_to_study(world: World, home: Make) -> None:
    wake.once(home().agent)
    wake.once(home("thor").agent)
    assert actions(home("thor")) == ["receive", "study nothing", "publish"]
    thor = home("thor")
    for path in thor.paths.papers.glob("findings/*.json"):
        path.unlink()
    assert "write a finding" in actions(home("thor"))
