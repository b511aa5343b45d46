"""Threats of docs/security.md that no other test names: what a hub may show, and what has no measure."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest

from sage_edge.exchange import rules

from .test_signatures import keyed, rule_at, write
from .world import SPROUT, THOR, Stranger, World, git, status

__all__ = ["keyed"]
ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/security.md").read_text("utf-8")


@pytest.mark.parametrize("signed", [False, True])
def test_a_replayed_status_is_not_read(world: World, keyed: World, signed: bool) -> None:
    if not signed:
        world.signers = ()
    sprout = world.post(SPROUT)
    for release in ("r1", "r2"):
        sprout.set_status(status(release=release))
        sprout.publish(release)
        world.clock.moment += timedelta(hours=2)  # a status alone is committed hourly
        assert rule_at(world) == ""
    old = git(world.hub, "rev-parse", "host/sprout~1")
    git(world.hub, "update-ref", "refs/heads/host/sprout", old)
    thor = world.post(THOR)
    assert rule_at(world, thor).startswith("rewritten")
    ((_, page),) = thor.read(SPROUT, rules.STATUS)
    assert b'"r2"' in page


def test_a_commit_without_measure_is_not_read(keyed: World) -> None:
    write(keyed, 1)
    stranger = Stranger(keyed.folder / "stranger.git", keyed.hub, keyed.folder / "one")
    tip = stranger.tip(SPROUT)
    commit = stranger.commit(
        [tip or ""],
        {"decisions/x.json": ("100644", b"{}\n")},
        author=rules.email(SPROUT),
        committer=rules.email(SPROUT),
        message=f"sprout: {'x' * 70_000}\n\n{rules.trailer(SPROUT)}\n",
    )
    assert stranger.push(commit, "refs/heads/host/sprout")[0] == 0
    assert rule_at(keyed) == f"foreign-key {commit[:12]}", "even by the host's own key"


def test_every_threat_names_a_test_that_is_there() -> None:
    rows = [
        line for line in PAGE.partition("## Threats")[2].partition("\n\nA board")[0].splitlines() if "`tests/" in line
    ]
    assert len(rows) >= 15
    for row in rows:
        for path, name in re.findall(r"`(tests/[a-z_/]+\.py)`(?: \(`(test_\w+)`\))?", row):
            text = (ROOT / path).read_text("utf-8")
            assert not name or f"def {name}(" in text, (path, name)
