"""Doubles for what stands at a door: the clock, the engine, the machine; and a small fleet around a hub of its own."""

from __future__ import annotations

import hashlib
import shutil
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from sage_edge import curriculum
from sage_edge.agent.build import Agent
from sage_edge.clock import Clock, ClockReading, TimeSource
from sage_edge.clock_trust import ClockWatch
from sage_edge.curriculum import Curriculum
from sage_edge.declared import Reader
from sage_edge.engines import Deadline, Draw, Engine, Message, Reply, Settings
from sage_edge.exchange import hub, writers
from sage_edge.exchange.post import Post
from sage_edge.files import digest
from sage_edge.inventory import identity, session_kinds
from sage_edge.inventory.board_facts import BoardFacts
from sage_edge.inventory.identity import Me
from sage_edge.models.resolve import ResolvedModel
from sage_edge.names import ModelRef
from sage_edge.paths import Paths
from sage_edge.sessions import build
from sage_edge.sessions.brief import SessionContext
from sage_edge.sessions.conduct import Audience
from sage_edge.sessions.run import Runner

FLEET = Path(__file__).parents[1] / "fleet"
_kinds = session_kinds.read(Reader(FLEET))
assert _kinds is not None
KINDS = _kinds
PRIMARY, TRAINING = KINDS.named("primary"), KINDS.named("training")
LAPTOP = BoardFacts("x86_64", None, None, None, None, None, 16_000_000_000)
MORNING = datetime(2026, 11, 20, 6, 10, tzinfo=timezone.utc)
WEIGHTS = b"weights of a test"


class HandClock:
    """A clock that moves only when it is told to; waiting moves it, and is noted."""

    source: TimeSource = "set"

    def __init__(self, start: datetime = MORNING, *, step: timedelta = timedelta(0)) -> None:
        self.at, self.step = start, step
        self.floor: datetime | None = start
        self.waits: list[float] = []
        self.on_wait: Callable[[], None] = lambda: None

    def now(self) -> datetime:
        self.at += self.step
        return self.at

    def read(self) -> ClockReading:
        return ClockReading(self.now())

    def wait(self, seconds: float, stop: threading.Event) -> None:
        self.waits.append(seconds)
        self.at += timedelta(seconds=seconds)
        self.on_wait()


class HashEngine:
    """Answers from a hash of everything it is asked, so that the same history and seed give the same words.

    `before` is called ahead of each answer, with what is asked; it may raise, set a stop event or take its time.
    """

    name = "hash"
    version = "1"

    def __init__(self, before: Callable[[Sequence[Message]], None] | None = None, *, pause_s: float = 0.0) -> None:
        self._before, self._pause_s = before, pause_s
        self.asked: list[tuple[Message, ...]] = []

    def load(self, model: ResolvedModel) -> None:
        model.check()

    def reply(self, messages: Sequence[Message], draw: Draw, deadline: Deadline) -> Reply:
        self.asked.append(tuple(messages))
        if self._before:
            self._before(messages)
        if self._pause_s:
            time.sleep(self._pause_s)
        if (passed := deadline.passed()) is not None:
            return Reply("half a", passed, 3, 0, 2, 0.0, 0.0, -1.0)
        return Reply(words_for(messages, draw.seed), "stop", 3 * len(messages), 0, 4, 0.0, 0.0, -0.5)

    def close(self) -> None:
        """Nothing to free."""


def words_for(messages: Sequence[Message], seed: int) -> str:
    """What HashEngine answers."""
    asked = "\n".join(f"{message.role}:{message.text}" for message in messages)
    stamp = hashlib.sha256(f"{seed}\n{asked}".encode()).hexdigest()[:16]
    return f"I am Sage {stamp}."


@dataclass(frozen=True)
class World:
    """A hub, a fleet with a short curriculum, and room for the state of every host, all below one folder."""

    folder: Path
    fleet: Path

    @property
    def hub(self) -> Path:
        return self.folder / "hub.git"

    def paths(self, host: str) -> Paths:
        home = self.folder / host
        return Paths(self.fleet, home / "host.yaml", home / "state", self.folder / "models", self.folder / "root")


@dataclass(frozen=True)
class Home:
    """One host of a world, with everything that a session needs; its parts are made once."""

    world: World
    host: str = "sprout"
    engine: Engine = field(default_factory=HashEngine)
    clock: Clock = field(default_factory=HandClock)
    stop: threading.Event = field(default_factory=threading.Event)
    told: list[str] = field(default_factory=list)
    audience: Audience | None = None
    weights: bytes = WEIGHTS
    committed: datetime | None = None

    @property
    def paths(self) -> Paths:
        return self.world.paths(self.host)

    @cached_property
    def me(self) -> Me:
        known = identity.whoami(self.paths, self.host, LAPTOP)
        return replace(known, fleet=replace(known.fleet, remote=str(self.world.hub)))

    @cached_property
    def lessons(self) -> Curriculum:
        return curriculum.load(self.world.fleet)

    @cached_property
    def watch(self) -> ClockWatch:
        return build.watch(self.paths, self.me, self.clock, self.committed)

    @cached_property
    def post(self) -> Post:
        return build.post(self.paths, self.me, self.clock)

    @property
    def model(self) -> ResolvedModel:
        return weigh(self.world.folder / "models", self.weights)

    def context(self) -> SessionContext:
        settings = Settings(512, 64, 1, 0)
        return SessionContext(
            self.me, self.lessons, self.post, self.paths.papers, self.model, self.engine, settings, self.watch, "test"
        )

    @cached_property
    def runner(self) -> Runner:
        lock = self.paths.locks / "session.lock"
        return Runner(self.paths.journals, lock, self.context, self.paths.papers, self.stop, self.audience)

    @cached_property
    def agent(self) -> Agent:
        return Agent(
            self.me, self.paths, self.post, self.runner, self.watch, self.stop, "test", self.told.append
        )  # fmt: skip

    def again(self, **changed: Any) -> Home:
        """The same host in a new process: nothing but the disk is the same."""
        parts = {"engine": HashEngine(), "stop": threading.Event(), "told": [], "clock": self.clock}
        return Home(self.world, self.host, **{"weights": self.weights, **parts, **changed})


def weigh(folder: Path, weights: bytes) -> ResolvedModel:
    """Return a model whose bytes are `weights`; no engine can do anything with it."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{digest(weights).short}.gguf"
    if not path.exists():
        path.write_bytes(weights)
    template = digest(b"a template")
    return ResolvedModel(ModelRef("sage/seedling:q8_0"), path, digest(weights), len(weights), 2048, template)


def make_world(folder: Path, *, prompts: int = 2, cadence: Mapping[str, object] | None = None) -> World:
    """Make a world: `prompts` questions and the closing in each phase, two exercises in each training session."""
    world = World(folder, folder / "fleet")
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copytree(FLEET, world.fleet)
    for path in sorted((world.fleet / "curriculum").glob("*/*.yaml")):
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        if path.parent.name == "phases":
            content["prompts"] = content["prompts"][:prompts]
        if path.parent.name == "tracks":
            content["draw"] = 2
        path.write_text(yaml.safe_dump(content), encoding="utf-8")
    overlay = world.fleet / "overlays" / "seedling.yaml"
    content = yaml.safe_load(overlay.read_text(encoding="utf-8"))
    content["fleet"] = {"exchange": {"remote": str(world.hub)}, "cadence": dict(cadence or {"jitter": "0s"})}
    overlay.write_text(yaml.safe_dump(content), encoding="utf-8")
    for host in ("sprout", "thor"):
        card = world.paths(host).card
        card.parent.mkdir(parents=True)
        card.write_text(f"format: 1\nhost: {host}\noverlay: seedling\n", encoding="utf-8")
    hub.init(world.hub, writers.folders(Home(world).me.fleet))
    return world
