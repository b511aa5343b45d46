"""Kill the spine of the system, and count what is lost: at every call that keeps something, and at random moments.

Each function takes an empty folder and returns a Report; nothing here knows of pytest.
"""

from __future__ import annotations

import json
import random
import shutil
import signal
import time
from dataclasses import replace
from pathlib import Path

from tests.fakes import World
from tests.kill import report, stage, victims
from tests.kill.report import Report, Verdict
from tests.kill.stage import Stage

Point = tuple[int, victims.Moment]
"""Which call, from 1, and when of it."""

_FSCK_EVERY = 20
_CHAINS = (1, 1, 1, 2, 3)
"""How many kills in a row before a start is left alone, drawn with equal chances."""


def enumerated(folder: Path, every: int = 1, *, one_of_each: bool = False) -> Report:
    """Kill a first session and its publication before, inside and after each call that keeps something.

    every: take only each so-many-th point.
    one_of_each: take only one point of each kind, which is the name of the call and the moment.

    The hub has no doorkeeper here: it would run 0.3 s for each of some hundred pushes. The random kills have it.
    """
    began = time.monotonic()
    played = stage.make(folder, doorkeeper=False)
    calls = _count(played, folder / "counted")
    points = [
        (at, moment)
        for at, name in enumerate(calls, start=1)
        for moment in victims.MOMENTS
        if moment != "inside" or name in victims.TEARABLE
    ][::every]
    if one_of_each:
        points = _one_of_each(points, calls)

    def judge(case: int) -> Verdict:
        at, moment = points[case]
        name = f"{moment} call {at} ({calls[at - 1]})"
        return _case(played, folder / f"case-{case}", name, victims.Fuse(at, moment), case)

    verdicts = report.shared(range(len(points)), judge, folder)
    return report.total("enumerated", len(points), verdicts, time.monotonic() - began)


def _one_of_each(points: list[Point], calls: list[str]) -> list[Point]:
    """Return one point of each kind: of the n-th kind the n-th one, so that they lie all over the session."""
    kinds: dict[tuple[str, str], list[Point]] = {}
    for at, moment in points:
        kinds.setdefault((calls[at - 1], moment), []).append((at, moment))
    return [found[number % len(found)] for number, found in enumerate(kinds.values())]


def _count(played: Stage, folder: Path) -> list[str]:
    """Return the names of the calls that an undisturbed session makes."""
    world = played.world(folder)

    def work() -> int:
        fuse = victims.Fuse()
        fuse.arm()
        code = stage.session(played.home(world))
        calls = list(fuse.calls)
        (folder / "calls.json").write_text(json.dumps(calls), encoding="utf-8")
        return code

    if victims.status_of(victims.spawn(work, stage.crash(world))) != 0:
        raise RuntimeError(stage.crash(world).read_text(encoding="utf-8"))
    return [str(name) for name in json.loads((folder / "calls.json").read_text(encoding="utf-8"))]


def _case(played: Stage, folder: Path, name: str, fuse: victims.Fuse, case: int) -> Verdict:
    world = played.world(folder)

    def work() -> int:
        victims.testify(stage.acks(world))
        home = played.home(world)
        fuse.arm()
        return stage.session(home)

    status = victims.status_of(victims.spawn(work, stage.crash(world)))
    killed = status == -signal.SIGKILL
    trouble = [] if killed else [f"it was not killed, but ended with {status}"]
    trouble += _finished(played, world, stage.session)
    return _judged(world, name, int(killed), trouble, fsck=case % _FSCK_EVERY == 0, whole=True)


def _finished(played: Stage, world: World, play: stage.Play) -> list[str]:
    failed = stage.finish(played, world, play)
    return [] if failed is None else [failed]


def _judged(world: World, name: str, kills: int, trouble: list[str], *, fsck: bool, whole: bool) -> Verdict:
    try:
        verdict = report.judge(name, world, stage.acks(world), kills, fsck=fsck, whole=whole)
    except Exception as unjudged:
        verdict = Verdict(name, kills, 0, problems=(f"the hub cannot be judged: {unjudged}",))
    verdict = replace(verdict, problems=(*trouble, *verdict.problems))
    if not verdict.problems:
        shutil.rmtree(world.folder)
    return verdict


def random_kills(folder: Path, n: int, seed: int) -> Report:
    """Kill the process group of a session and its publication at `n` random moments, git and its hub side with it.

    The sessions are started by hand and by an agent that wakes, in turn.

    The hub dies with the host, so a minute passes before the start that is left alone (exchange.rules).
    Moments are uniform over the time that an undisturbed run takes; some runs are killed again as they recover. One
    that was done before its moment counts as a run and not as a kill, and another one is made for it.
    """
    began = time.monotonic()
    played = stage.make(folder, doorkeeper=True)
    usual_s = min(_duration(played, folder / f"timed-{number}") for number in range(3))
    draw = random.Random(seed)
    verdicts: list[Verdict] = []
    chains: list[list[float]] = []

    def judge(case: int) -> Verdict:
        world = played.world(folder / f"case-{case}")
        play = (stage.session, stage.awake)[case % 2]
        kills = sum(_shoot(played, world, play, moment) for moment in chains[case])
        trouble = _finished(played, world, play)
        name = "after " + ", ".join(f"{moment:.3f} s" for moment in chains[case])
        return _judged(world, name, kills, trouble, fsck=case % _FSCK_EVERY == 0, whole=False)

    while (left := n - sum(verdict.kills for verdict in verdicts)) > 0:
        first = len(chains)
        while left > 0:
            chains.append([draw.random() * usual_s for _ in range(min(left, draw.choice(_CHAINS)))])
            left -= len(chains[-1])
        verdicts += report.shared(range(first, len(chains)), judge, folder)
    return report.total(f"random (seed {seed})", 0, verdicts, time.monotonic() - began)


def _shoot(played: Stage, world: World, play: stage.Play, moment_s: float) -> int:
    """Start a session, kill its whole group after a while; return 1, or 0 when it was done before."""
    pid = victims.spawn(lambda: _run(played, world, play), stage.crash(world), own_group=True)
    return int(victims.kill_after(pid, moment_s) == -signal.SIGKILL)


def _run(played: Stage, world: World, play: stage.Play) -> int:
    victims.testify(stage.acks(world))
    return play(played.home(world, pause_s=0.01))


def _duration(played: Stage, folder: Path) -> float:
    world = played.world(folder)
    began = time.monotonic()
    status = victims.status_of(victims.spawn(lambda: _run(played, world, stage.session), stage.crash(world)))
    if status != 0:
        raise RuntimeError(stage.crash(world).read_text(encoding="utf-8"))
    return time.monotonic() - began
