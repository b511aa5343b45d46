"""The world in which processes are killed, and what each of them tries to do in it: one session, published."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from sage_edge import locks
from sage_edge.agent import by_hand, wake
from sage_edge.curriculum import Curriculum
from sage_edge.inventory.identity import Me
from tests.fakes import PRIMARY, HandClock, HashEngine, Home, World, make_world
from tests.kill import victims

Play = Callable[[Home], int]
"""What a process does in a host's home; returns its exit status."""


@dataclass(frozen=True)
class Stage:
    """A world that is copied for every case; what does not change is read once, before the first fork."""

    template: World
    me: Me
    lessons: Curriculum

    def world(self, folder: Path) -> World:
        """Return a fresh world: a hub of its own, the template's declarations."""
        shutil.copytree(self.template.hub, folder / "hub.git")
        return World(folder, self.template.fleet)

    def home(self, world: World, pause_s: float = 0.0) -> Home:
        """Return a host that knows nothing but its disk."""
        home = Home(world, engine=HashEngine(pause_s=pause_s), clock=HandClock(step=timedelta(seconds=1)))
        me = replace(self.me, fleet=replace(self.me.fleet, remote=str(world.hub)))
        home.__dict__.update(me=me, lessons=self.lessons)
        return home


def make(folder: Path, *, doorkeeper: bool) -> Stage:
    """Make the template. doorkeeper: the hub checks what is pushed, which takes longer than all the rest."""
    world = make_world(folder / "template")
    if not doorkeeper:
        (world.hub / "hooks" / "pre-receive").unlink()
    home = Home(world)
    return Stage(world, home.me, home.lessons)


def session(home: Home) -> int:
    """Do what `sage-edge session run` does; return the exit status."""
    agent = home.agent
    with locks.hold(agent.paths.locks / "agent.lock", "the agent of sprout"):
        agent.post.open()
        agent.post.receive()
        conducted = by_hand.conduct(agent, PRIMARY)
        agent.post.publish(", ".join(t.session for t in conducted), attempts=1)
    return 0


def awake(home: Home) -> int:
    """Do what `sage-edge agent once` does, at a time when a primary session is due; return the exit status."""
    found = wake.once(home.agent, attempts=1)
    if found.failure is not None:
        raise found.failure
    if found.problems:
        raise RuntimeError("; ".join(found.problems))
    return 0


def acks(world: World) -> Path:
    """Where the victims of a world write down what they were promised."""
    return world.folder / "acks.jsonl"


def crash(world: World) -> Path:
    """Where a victim that failed by itself says why."""
    return world.folder / "crash.txt"


def finish(stage: Stage, world: World, play: Play) -> str | None:
    """Start `play` again in a fresh process, and say what went wrong, if anything did."""

    def work() -> int:
        victims.testify(acks(world))
        return play(stage.home(world))

    _a_minute_passes(world)
    code = victims.status_of(victims.spawn(work, crash(world)))
    if code == 0:
        return None
    told = crash(world).read_text(encoding="utf-8") if crash(world).exists() else "it said nothing"
    return f"the next start ended with {code}: {told}"


def _a_minute_passes(world: World) -> None:
    """Make what a killed push has left on the hub a minute older: only then does the hub take it for dead."""
    for lock in (world.hub / "refs").glob("**/*.lock"):
        then = lock.stat().st_mtime - 60
        os.utime(lock, (then, then))
