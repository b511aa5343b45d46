"""`agent once --at TIME`: what no clock can say is refused, what no right one says is doubted, and nothing is lost."""

from __future__ import annotations

import pytest

from tests.cli import world as worlds
from tests.cli.world import MIDNIGHT, World

pytestmark = pytest.mark.slow  # each of its wakes is a process


@pytest.mark.parametrize(
    "at", ["0001-01-01T00:00:00Z", "1969-12-31T23:59:59Z", "9999-12-31T23:59:59Z", "9999-12-31T23:59:59-23:59"]
)
@pytest.mark.parametrize("command", ["once", "plan"])
def test_what_no_clock_says_is_refused(fresh: World, command: str, at: str) -> None:
    refused = fresh.run("sprout", "agent", command, "--at", at)
    assert refused.returncode == 2
    assert "Invalid value for --at: expected a time" in refused.stderr


def test_by_a_wrong_clock_no_slot_is_served_and_by_the_right_one_it_is(
    fresh: World, tmp_path_factory: pytest.TempPathFactory
) -> None:
    world = worlds.make(tmp_path_factory.mktemp("doubted"), like=fresh)
    for wrong in ("1970-01-01T00:10Z", "2025-01-01T00:00:00Z", "2099-06-30T23:59:60Z", "9998-12-31T23:59:59Z"):
        done = world.run("sprout", "agent", "once", "--at", wrong)
        assert (done.returncode, "the clock is in doubt: it says" in done.stderr) == (0, True), done.stderr
        assert not list(world.state("sprout").glob("papers/sessions/**/*.json"))
        assert "in doubt" in world.run("sprout", "agent", "plan", "--at", wrong).stdout
        assert b'"clock_doubt": "it says' in (world.state("sprout") / "papers" / "status.json").read_bytes()
    assert world.run("sprout", "agent", "once", "--at", MIDNIGHT).returncode == 0
    assert [path.stem for path in world.state("sprout").glob("papers/sessions/**/*.json")] == ["P001"]
    assert b"clock_doubt" not in (world.state("sprout") / "papers" / "status.json").read_bytes()
