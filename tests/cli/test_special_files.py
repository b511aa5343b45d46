"""A pipe, a socket, a device, a link loop or a repository somewhere in the state: every command ends, and in order."""

from __future__ import annotations

import contextlib
import itertools
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from sage_edge import files
from sage_edge.errors import ExitCode
from tests.cli import world as worlds
from tests.cli.world import World
from tests.special_files import DEADLINE_S, SPECIAL

LATER = "2026-01-01T12:00:00Z"
PLACES = (
    "journals/P777.jsonl",
    "papers/odd",
    "papers/sessions/primary/007/P777.json",
    "papers/worklog/2026-01.jsonl",
    "papers/status.json",
    "locks/agent.lock",
    "locks/papers.lock",
    "clock.json",
    "heartbeat.json",
    "cache/slots.json",
)
COMMANDS = (
    ("agent", "once", "--at", LATER),
    ("agent", "plan", "--at", LATER),
    ("session", "list"),
    ("recommendation", "list"),
)
EVERY = tuple(itertools.product(SPECIAL, PLACES, COMMANDS))
STRIDE = 37
"""Prime to the number of places and commands, so that all of them come up in the part that is not `full`."""


@pytest.fixture(scope="module")
def raised(fresh: World, tmp_path_factory: pytest.TempPathFactory) -> World:
    """A world of this module's own, in which the first session was conducted and published."""
    world = worlds.make(tmp_path_factory.mktemp("raised"), like=fresh)
    done = world.run("sprout", "agent", "once", "--at", worlds.MORNING)
    assert done.returncode == 0, done.stderr
    return world


@contextlib.contextmanager
def put(kind: str, place: Path) -> Iterator[None]:
    """Let it lie there in the place of what did."""
    aside = place.with_name("aside")
    place.parent.mkdir(parents=True, exist_ok=True)
    if files.exists(place):
        place.rename(aside)
    SPECIAL[kind](place)
    try:
        yield
    finally:
        files.remove(place)
        if files.exists(aside):
            aside.rename(place)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "place", "words"),
    [pytest.param(*case, marks=[] if n % STRIDE == 0 else pytest.mark.full) for n, case in enumerate(EVERY)],
)
def test_every_command_ends_in_order(raised: World, tmp_path: Path, kind: str, place: str, words: tuple[str]) -> None:
    kept = tmp_path / "state"
    shutil.copytree(raised.state("sprout"), kept, symlinks=True)
    try:
        with put(kind, raised.state("sprout") / place):
            done = raised.run("sprout", *words)
    finally:
        shutil.rmtree(raised.state("sprout"))
        shutil.copytree(kept, raised.state("sprout"), symlinks=True)
    assert "Traceback" not in done.stderr
    assert "fault in sage-edge itself" not in done.stderr
    assert done.returncode in set(ExitCode)
    if done.returncode:
        assert done.stderr.count("\n next: ") == 1, done.stderr


@pytest.mark.slow
def test_sigterm_ends_an_agent_that_meets_a_pipe(fresh: World, tmp_path: Path) -> None:
    world = worlds.make(tmp_path, like=fresh)
    for place in ("journals/P001.jsonl", "papers/odd", "clock.json"):
        path = world.state("sprout") / place
        path.parent.mkdir(parents=True, exist_ok=True)
        SPECIAL["pipe"](path)
    process = world.start("sprout", "agent", "run")
    assert process.stderr is not None
    assert process.stderr.readline()
    process.send_signal(signal.SIGTERM)
    _, complaint = process.communicate(timeout=DEADLINE_S)
    assert process.returncode == 0, complaint
