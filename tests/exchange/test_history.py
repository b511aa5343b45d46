"""A branch and a hub that live for years: idle hours leave one commit each, and loose objects are packed, alone."""

from __future__ import annotations

import fcntl
import os
import subprocess
import threading
import time
import zlib
from collections.abc import Callable
from datetime import timedelta
from hashlib import sha1
from pathlib import Path

import pytest

from sage_edge.errors import Unreachable
from sage_edge.exchange import clone_upkeep, hub_upkeep
from sage_edge.exchange.post import Post

from .world import SPROUT, THOR, World, decision, git, line, status


def idle(world: World, sprout: Post, minutes: int) -> None:
    """A look of the agent in which nothing happens."""
    world.clock.moment += timedelta(minutes=minutes)
    sprout.set_status(status().model_copy(update={"at": world.clock.moment}))
    sprout.publish("status")


def commits(world: World) -> int:
    return int(git(world.hub, "rev-list", "--count", "host/sprout"))


def test_an_idle_day_leaves_a_commit_an_hour(world: World) -> None:
    sprout = world.post(SPROUT)
    sprout.put(decision())
    sprout.publish("one")
    for _ in range(36):
        idle(world, sprout, 5)
    assert commits(world) == 1 + 3
    assert world.on_hub(SPROUT)["status.json"] == world.in_papers(SPROUT)["status.json"]


@pytest.mark.parametrize("minutes", [60, 61, -5, -10_000_000])
def test_a_status_that_is_due_or_of_a_clock_that_was_put_back(world: World, minutes: int) -> None:
    """An age has two sides: behind a commit from the future a host must not fall silent for years."""
    sprout = world.post(SPROUT)
    idle(world, sprout, 0)
    idle(world, sprout, minutes)
    assert commits(world) == 2


@pytest.mark.parametrize("happens", [lambda post: post.put(decision(2)), lambda post: post.log(line("x"))])
def test_whatever_happens_takes_the_status_along_at_once(world: World, happens: Callable[[Post], object]) -> None:
    sprout = world.post(SPROUT)
    idle(world, sprout, 0)
    idle(world, sprout, 5)
    assert commits(world) == 1
    happens(sprout)
    assert sprout.publish("more").pushed
    assert world.on_hub(SPROUT) == world.in_papers(SPROUT)


def pile_up(repository: Path, count: int) -> None:
    """Loose objects that nobody refers to, as git writes them."""
    for number in range(count):
        body = f"{number} of many\n".encode()
        content = b"blob %d\0" % len(body) + body
        name = sha1(content, usedforsecurity=False).hexdigest()
        path = repository / "objects" / name[:2] / name[2:]
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(zlib.compress(content))


def packs(repository: Path) -> int:
    return len(list((repository / "objects" / "pack").glob("*.pack")))


def write(world: World, number: int) -> None:
    sprout = world.post(SPROUT)
    sprout.put(decision(number))
    sprout.publish(str(number))


def eventually(holds: Callable[[], bool]) -> bool:
    until = time.monotonic() + 60
    while not holds() and time.monotonic() < until:
        time.sleep(0.05)
    return holds()


def test_hub_and_clone_are_packed_once_much_has_piled_up(world: World) -> None:
    write(world, 1)
    assert (packs(world.hub), packs(world.clone(SPROUT))) == (0, 0)
    for repository in (world.hub, world.clone(SPROUT)):
        pile_up(repository, hub_upkeep.LOOSE + 1)
    write(world, 2)
    assert packs(world.clone(SPROUT)) == 1
    assert eventually(lambda: (world.hub / "sage-packed").is_file())
    assert packs(world.hub) == 1
    for repository in (world.hub, world.clone(SPROUT)):
        assert git(repository, "fsck", "--strict", "--no-dangling") == ""
        assert not hub_upkeep.wants_packing(repository), "what is left is too young to go, and starts nothing again"
    write(world, 3)
    assert world.on_hub(SPROUT) == world.in_papers(SPROUT)
    assert len(world.post(THOR).receive().updated) == 1
    assert not list((world.hub / "sage-pushes").iterdir())


@pytest.mark.parametrize(
    ("sign", "dead_s"),
    [("sage-pushes/4711", -700), ("objects/tmp_objdir-incoming-x", -700), ("objects/incoming-x", 700)],
)
def test_nobody_packs_beside_a_push(world: World, sign: str, dead_s: float) -> None:
    """One that died keeps nobody from packing for ever, whatever its clock was."""
    pile_up(world.hub, hub_upkeep.LOOSE + 1)
    other = world.hub / sign
    other.mkdir(parents=True)
    assert not hub_upkeep.pack(world.hub)
    at = time.time() + dead_s
    os.utime(other, (at, at))
    assert hub_upkeep.pack(world.hub)


@pytest.mark.parametrize("set_by_s", [-400 * 86400, -3600, 3600, 400 * 86400])
def test_a_clock_that_is_set_beside_a_push_makes_it_neither_dead_nor_immortal(
    world: World, monkeypatch: pytest.MonkeyPatch, set_by_s: int
) -> None:
    pile_up(world.hub, hub_upkeep.LOOSE + 1)
    assert hub_upkeep.begin_push(world.hub)
    now, awake = time.time, time.clock_gettime(time.CLOCK_BOOTTIME)
    monkeypatch.setattr(time, "time", lambda: now() + set_by_s)
    assert not hub_upkeep.pack(world.hub)
    monkeypatch.setattr(time, "clock_gettime", lambda clock: awake + 601)
    assert hub_upkeep.pack(world.hub)


def test_a_push_waits_while_the_hub_packs_itself(world: World) -> None:
    sprout = world.post(SPROUT)
    sprout.put(decision())
    with (world.hub / "sage-upkeep.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert not hub_upkeep.begin_push(world.hub, patience_s=0)
        pushing = threading.Thread(target=sprout.publish, args=("one",))
        pushing.start()
        time.sleep(0.5)
        assert git(world.hub, "for-each-ref") == ""
    pushing.join(30)
    assert world.on_hub(SPROUT) == world.in_papers(SPROUT)


def test_a_hub_that_packs_for_long_is_busy_not_broken(world: World) -> None:
    hook = world.hub / "hooks" / "pre-receive"
    hook.write_text("#!/bin/sh\necho 'sage: the hub is packing itself' >&2\nexit 1\n")
    sprout = world.post(SPROUT)
    sprout.put(decision())
    with pytest.raises(Unreachable, match="busy"):
        sprout.publish("one", attempts=1)


def test_a_clone_that_cannot_be_packed_is_told_and_used(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    write(world, 1)
    pile_up(world.clone(SPROUT), hub_upkeep.LOOSE + 1)
    monkeypatch.setattr(hub_upkeep, "REPACK", ("repack", "--no-such-option"))
    sprout = world.post(SPROUT)
    sprout.put(decision(2))
    published = sprout.publish("two")
    assert published.pushed
    assert "no-such-option" in published.unpacked
    assert clone_upkeep.pack(sprout._clone) == published.unpacked


def test_a_killed_packing_leaves_nothing_behind(world: World) -> None:
    write(world, 1)
    left = world.clone(SPROUT) / "objects" / "pack" / ".tmp-4711-pack-0a1b.pack"
    left.write_bytes(b"half")
    world.post(SPROUT)
    assert not left.exists()
    done = subprocess.run((world.hub / "hooks" / "post-receive", "pack"), capture_output=True)
    assert (done.returncode, done.stderr) == (0, b"")
