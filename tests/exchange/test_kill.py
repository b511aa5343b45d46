"""SIGKILL before and after every step of put, log, status and publish: the next publish always finishes.

A step is a program that is started, or a call that makes something durable. The kill is real, in a forked child.
What was acknowledged (the child says so through a pipe) must be there in the end, once and whole.
"""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sage_edge import shell

from .world import SPROUT, THOR, World, decision, git, line, status

STEPS: tuple[tuple[Any, str], ...] = (
    (shell, "attempt"),
    (os, "write"),
    (os, "pwrite"),
    (os, "fsync"),
    (os, "fdatasync"),
    (os, "link"),
    (os, "ftruncate"),
    (Path, "replace"),
    (Path, "unlink"),
    (Path, "mkdir"),
)


class Fuse:
    """Kills this process at the n-th step, before or after it."""

    def __init__(self, step: int, after: bool) -> None:
        self.left, self.after = step, after

    def lay(self) -> None:
        for home, name in STEPS:
            setattr(home, name, self._fused(getattr(home, name)))

    def _fused(self, act: Callable[..., Any]) -> Callable[..., Any]:
        def fused(*words: Any, **options: Any) -> Any:
            self.left -= 1
            if self.left == 0 and not self.after:
                os.kill(os.getpid(), signal.SIGKILL)
            result = act(*words, **options)
            if self.left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return result

        return fused


def _work(world: World, done: Callable[[bytes], object]) -> None:
    sprout = world.post(SPROUT)
    sprout.put(decision(2))
    done(b"put\n")
    sprout.log(line("two"))
    done(b"log\n")
    sprout.set_status(status(release="r2"))
    done(b"status\n")
    sprout.publish("two")
    done(b"published\n")


def _in_a_child(world: World, before: Callable[[], None], watch: Callable[[int], None]) -> list[str]:
    """Do the work in a child; return what it acknowledged before it died."""
    out, into = os.pipe()
    say = os.write
    child = os.fork()
    if child == 0:  # pragma: no cover - dies
        os.setsid()
        before()
        try:
            _work(world, lambda word: say(into, word))
        finally:
            os._exit(0)
    os.close(into)
    watch(child)
    os.waitpid(child, 0)
    with os.fdopen(out) as stream:
        return stream.read().split()


def _check(world: World, acknowledged: list[str]) -> None:
    sprout = world.post(SPROUT)
    if "put" in acknowledged:
        assert decision(2).pretty() in world.in_papers(SPROUT).values()
    sprout.publish("after the kill")
    there = world.on_hub(SPROUT)
    assert there == world.in_papers(SPROUT)
    assert ("put" in acknowledged) <= (list(there.values()).count(decision(2).pretty()) == 1)
    log = there["worklog/2026-11.jsonl"].splitlines(keepends=True)
    two = [line(text).canonical() + b"\n" for text in ("one", "two")]
    assert log in ([two[0]], two)
    assert ("log" in acknowledged) <= (log == two)
    assert there["status.json"] in (status().pretty(), status(release="r2").pretty())
    assert ("status" in acknowledged) <= (there["status.json"] == status(release="r2").pretty())
    assert sprout.unpublished() == 0
    left = [path for path in world.state(SPROUT).glob("**/*") if path.name.startswith((".tmp-", "tmp_obj"))]
    assert left == []
    assert world.post(THOR).receive().quarantined == ()


@pytest.fixture
def worlds(tmp_path: Path) -> Callable[[], World]:
    """Copies of one begun world, each at the same place, one after the other."""
    start, place = tmp_path / "start", tmp_path / "world"
    world = World(place)
    place.mkdir()
    world.open_hub()
    sprout = world.post(SPROUT)
    sprout.put(decision(1))
    sprout.log(line("one"))
    sprout.set_status(status())
    sprout.publish("one")
    place.rename(start)

    def fresh() -> World:
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(start, place)
        return World(place)

    return fresh


def _enumerate(worlds: Callable[[], World], stride: int) -> int:
    step = 1
    while True:
        for after in (False, True):
            world = worlds()
            acknowledged = _in_a_child(world, Fuse(step, after).lay, lambda _: None)
            if "published" in acknowledged:
                return step
            _check(world, acknowledged)
        step += stride


@pytest.mark.slow
def test_a_kill_at_every_tenth_step(worlds: Callable[[], World]) -> None:
    assert _enumerate(worlds, 10) > 20


@pytest.mark.full
def test_a_kill_at_every_step(worlds: Callable[[], World]) -> None:
    steps = _enumerate(worlds, 1)
    print(f"{steps - 1} steps")
    assert steps > 20


@pytest.mark.full
def test_a_kill_at_the_very_first_start(tmp_path: Path) -> None:
    for step in range(1, 200):
        world = World(tmp_path / str(step))
        world.folder.mkdir()
        world.open_hub()
        acknowledged = _in_a_child(world, Fuse(step, after=bool(step % 2)).lay, lambda _: None)
        sprout = world.post(SPROUT)
        sprout.publish("after the kill")
        assert world.on_hub(SPROUT) == world.in_papers(SPROUT)
        if "published" in acknowledged:
            return
    raise AssertionError("the work never ended")


@pytest.mark.slow
def test_kills_of_everything_at_any_moment(worlds: Callable[[], World], kills: int) -> None:
    """The whole process group dies, a git in the middle of its work and the hub's end of a push included."""
    moments = random.Random(7)
    for _ in range(kills):
        world = worlds()

        def strike(child: int) -> None:
            time.sleep(moments.uniform(0.0, 0.25))
            for end in (os.killpg, os.kill):  # a child that has no group of its own yet is still in ours
                with contextlib.suppress(ProcessLookupError):
                    end(child, signal.SIGKILL)

        acknowledged = _in_a_child(world, lambda: None, strike)
        for lock in (world.hub / "refs").glob("**/*.lock"):
            os.utime(lock, (0, 0))
        _check(world, acknowledged)
        git(world.hub, "fsck", "--strict")


def test_an_orphaned_git_is_waited_for_and_not_robbed_of_its_lock(world: World) -> None:
    sprout = world.post(SPROUT)
    sprout.put(decision())
    lock = world.clone(SPROUT) / "index.lock"
    lock.write_text("")
    code = "import time; print(flush=True); time.sleep(0.5)"
    asleep = [sys.executable, "-S", "-c", code, f"--git-dir={world.clone(SPROUT)}"]
    with subprocess.Popen(asleep, stdout=subprocess.PIPE) as orphan:
        assert orphan.stdout is not None
        orphan.stdout.readline()  # until it speaks, it may not yet be seen under its own words
        sprout.publish("one")
        assert orphan.poll() is not None
    assert not lock.exists()
