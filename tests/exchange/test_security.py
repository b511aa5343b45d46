"""Threats of docs/security.md that no other test names: what a hub may show, and what has no measure."""

from __future__ import annotations

import os
import re
from datetime import timedelta
from pathlib import Path

import pytest

from sage_edge import shell
from sage_edge.exchange import commands, rules
from sage_edge.names import HostName
from sage_edge.shell import Command, Result

from .test_signatures import keyed, rule_at, write
from .world import SPROUT, THOR, Stranger, World, decision, git, status

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


@pytest.mark.parametrize("files", [1, 150])
def test_endless_data_costs_its_sender_only(world: World, files: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Few objects are unpacked, many are kept as a pack."""
    monkeypatch.setattr(commands, "LARGEST_PACK_BYTES", 1_000_000)
    sprout, desk = world.post(SPROUT), world.post(HostName("desk"))
    sprout.receive()
    desk.set_status(status(HostName("desk")))
    desk.publish("one")
    stranger = Stranger(world.folder / "stranger.git", world.hub)
    much = {f"findings/{n}.json": ("100644", os.urandom(2_000_000 // files)) for n in range(files)}
    author = rules.email(THOR)
    commit = stranger.commit(
        [], much, author=author, committer=author, message=f"thor: much\n\n{rules.trailer(THOR)}\n"
    )
    git(world.hub, "fetch", "--quiet", str(stranger.folder), f"{commit}:refs/heads/host/thor")
    [case] = sprout.receive().quarantined
    assert (case.host, case.rule, case.commit) == ("thor", "unsound", commit)
    assert "more than 1.00 MB at once came" in case.detail
    assert sprout.names(HostName("desk"), "") == (rules.STATUS,)
    sprout.put(decision())
    assert sprout.publish("one").pushed
    assert not list(world.clone(SPROUT).glob("objects/**/tmp_*")), "what had come is not kept"


def test_a_branch_that_never_ends_costs_its_sender_only(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    sprout, thor = world.post(SPROUT), world.post(THOR)
    for post, host in ((thor, THOR), (world.post(HostName("desk")), HostName("desk"))):
        post.set_status(status(host))
        post.publish("one")
    attempt = shell.attempt

    def slow(command: Command) -> Result:
        is_slow = "fetch" in command.words and any("thor" in word or word.endswith("/*") for word in command.words[-2:])
        return Result(124, b"", b"no end within 60 s") if is_slow else attempt(command)

    monkeypatch.setattr(shell, "attempt", slow)
    [case] = sprout.receive().quarantined
    assert (case.host, "no end within 60 s" in case.detail) == ("thor", True)
    assert sprout.names(HostName("desk"), "") == (rules.STATUS,)


def test_every_threat_names_a_test_that_is_there() -> None:
    rows = [
        line for line in PAGE.partition("## Threats")[2].partition("\n\nA board")[0].splitlines() if "`tests/" in line
    ]
    assert len(rows) >= 15
    for row in rows:
        for path, name in re.findall(r"`(tests/[a-z_/]+\.py)`(?: \(`(test_\w+)`\))?", row):
            text = (ROOT / path).read_text("utf-8")
            assert not name or f"def {name}(" in text, (path, name)
