"""`sage-edge clock trust`: what leads out where a clock is right and everything that was seen of it says no."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli import world as worlds
from tests.cli.world import World


@pytest.mark.slow  # each of its calls is a process
def test_a_person_says_why_a_clock_is_right(fresh: World, tmp_path: Path) -> None:
    world = worlds.make(tmp_path, like=fresh)
    place = world.state("sprout") / "clock.json"
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text('{"format": 1, "newest": "2199-01-01T00:00:00Z", "step": null, "contested": null}', "utf-8")
    doubted = world.run("sprout", "agent", "once")
    assert "before what this host has seen: 2199-01-01 00:00Z" in doubted.stderr
    assert "sage-edge clock trust --because REASON" in doubted.stderr
    assert world.run("sprout", "clock", "trust").returncode == 2
    trusted = world.run("sprout", "clock", "trust", "--because", "my watch says so")
    assert (trusted.returncode, trusted.stdout) == (0, ""), trusted.stderr
    assert trusted.stderr.endswith("seen: 2199-01-01 00:00Z: my watch says so\n")
    assert json.loads(place.read_bytes())["newest"] < "2199"
    again = world.run("sprout", "clock", "trust", "--because", "my watch says so")
    assert (again.returncode, again.stdout) == (0, "the clock is believed already; nothing was changed\n")
    assert "in doubt" not in world.run("sprout", "agent", "once").stderr
